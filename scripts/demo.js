'use strict';
// `npm run demo`, after set-up: see src/cli/demo.ts.

const path = require('node:path');
const { root, runMain } = require('./lib/process.js');

runMain(async () => {
  process.chdir(root);
  process.exitCode = await require(path.join(root, 'dist', 'cli', 'demo.js')).demo();
});
