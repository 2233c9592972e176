#!/usr/bin/env node
'use strict';
// `npm run bench`: set-up, NumPy for the comparison, then bench/run.ts. Arguments go to the benchmark.

const { capture, passThrough, runMain } = require('./lib/process.js');
const { installSystemPackages } = require('./lib/packages.js');
const { setUp } = require('./setup.js');

runMain(() => {
  setUp();
  // The system's Python, not one of a version manager: it is the one that apt-get's NumPy belongs to.
  const hasNumpy = ['/usr/bin/python3', 'python3'].some((python) => capture(python, ['-c', 'import numpy']).ok);
  if (!hasNumpy) installSystemPackages(['numpy'], 'the benchmark compares with it');
  return passThrough(process.execPath, [
    '-r',
    'ts-node/register/transpile-only',
    'bench/run.ts',
    ...process.argv.slice(2),
  ]);
});
