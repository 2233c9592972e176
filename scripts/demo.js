'use strict';
// `npm run demo`, after set-up: the work is in src/cli/demo.ts.

const path = require('node:path');
const { root } = require('./lib/process.js');

process.chdir(root);
const { demo } = require(path.join(root, 'dist', 'cli', 'demo.js'));
demo().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  },
);
