#!/usr/bin/env node
'use strict';
// `npm run format`: lays out all sources, TypeScript with prettier and C++ with clang-format.

const { passThrough, packageCommand, runMain } = require('./lib/process.js');
const { clangFormat } = require('./check.js');

runMain(() => {
  const code = passThrough(process.execPath, [packageCommand('prettier'), '--write', '--log-level', 'warn', '.']);
  const cpp = clangFormat('-i');
  process.stderr.write(cpp.output);
  return code === 0 && cpp.ok ? 0 : 1;
});
