#!/usr/bin/env node
'use strict';
// `npm run build:sanitize`: a debug build with AddressSanitizer and UndefinedBehaviorSanitizer in build/sanitize/, a copy of
// the package of its own, so that it is never taken for the real addon; then runs the C++ tests in it.

const fs = require('node:fs');
const path = require('node:path');
const { root, say, capture, passThrough, runMain } = require('./lib/process.js');
const { buildNative } = require('./build-native.js');
const { setUp } = require('./setup.js');

const folder = path.join(root, 'build', 'sanitize');

runMain(() => {
  setUp();
  for (const part of ['native', 'dist', 'scripts', 'binding.gyp', 'package.json']) {
    fs.rmSync(path.join(folder, part), { recursive: true, force: true });
    fs.cpSync(path.join(root, part), path.join(folder, part), { recursive: true, preserveTimestamps: true });
  }
  say('Building the addon and the C++ tests with sanitizers in build/sanitize/ (about two minutes).');
  buildNative(['lowrank', 'lowrank_core_test'], {
    directory: folder,
    settings: ['--debug', '--sanitize=address,undefined'],
  });
  const runtime = capture('g++', ['-print-file-name=libasan.so']).stdout.trim();
  say('To run the addon: put a program that requires ./build/sanitize after');
  say(`  LD_PRELOAD=${runtime} ASAN_OPTIONS=detect_leaks=0 node ...`);
  return passThrough(path.join(folder, 'build', 'Debug', 'lowrank_core_test'), []);
});
