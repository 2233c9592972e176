#!/usr/bin/env node
'use strict';
// `npm run clean`: removes everything that was built. node_modules stays.

const fs = require('node:fs');
const path = require('node:path');
const { root } = require('./lib/process.js');

for (const folder of ['build', 'dist', 'dist.new', 'coverage', 'docs/api']) {
  fs.rmSync(path.join(root, folder), { recursive: true, force: true });
}
