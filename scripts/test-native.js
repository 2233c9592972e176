#!/usr/bin/env node
'use strict';
// Builds and runs the C++ tests of native/core. The last line printed is `N passed, N failed`.

const fs = require('node:fs');
const path = require('node:path');
const { root, Stop, say, capture, runMain } = require('./lib/process.js');
const { lastCounts, judged, close } = require('./lib/counts.js');
const { hashOf, readStamp, writeStamp } = require('./lib/stamp.js');
const { buildNative } = require('./build-native.js');

const program = path.join(root, 'build', 'Release', 'lowrank_core_test');
const stamp = 'build/.stamp-test';

function buildTests() {
  const sources = hashOf(['native/core', 'native/test', 'binding.gyp'], [process.version, process.arch]);
  if (fs.existsSync(program) && readStamp(stamp) === sources) return;
  say('Building the C++ tests: their sources changed or they are not there.');
  buildNative(['lowrank_core_test']);
  writeStamp(stamp, sources);
}

/** The kernels that src/load.ts chooses; others allocate inside small products, which the tests count. */
function coreType() {
  const cpu = '/proc/cpuinfo';
  return fs.existsSync(cpu) && /\bavx2\b/.test(fs.readFileSync(cpu, 'latin1')) ? { OPENBLAS_CORETYPE: 'Haswell' } : {};
}

/** Runs the C++ tests on this terminal and counts them. */
function runNativeTests() {
  buildTests();
  const done = capture(program, [], { timeout: 600_000, env: { ...coreType(), ...process.env } });
  process.stdout.write(done.stdout);
  process.stderr.write(done.stderr);
  if (done.error) process.stderr.write(`${done.error.message}\n`);
  return judged(lastCounts(done.stdout), done.code);
}

if (require.main === module) {
  runMain(() => {
    try {
      return close(runNativeTests());
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      process.stderr.write(`${error.message}\n`);
      return close({ passed: 0, failed: 1 });
    }
  });
}

module.exports = { runNativeTests };
