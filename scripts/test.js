#!/usr/bin/env node
'use strict';
// `npm test`: set-up, the C++ tests, then Jest. Arguments go to Jest. The last line printed is `N passed, N failed`.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Stop, say, passThrough, packageCommand, runMain } = require('./lib/process.js');
const { judged, sum, close } = require('./lib/counts.js');
const { setUp } = require('./setup.js');
const { runNativeTests } = require('./test-native.js');

function runJest(args) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lowrank-test-'));
  const file = path.join(folder, 'counts.json');
  try {
    const env = { ...process.env, LOWRANK_TEST_COUNTS: file };
    const code = passThrough(process.execPath, [packageCommand('jest'), ...args], { env });
    // No file: Jest died before it could count.
    const counts = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined;
    return judged(counts, code);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a part; one that stops counts as a failure, and the next one runs all the same. */
function attempt(part) {
  try {
    return part();
  } catch (error) {
    process.stderr.write(`${error instanceof Stop ? error.message : error.stack}\n`);
    return { passed: 0, failed: 1 };
  }
}

runMain(() => {
  const args = process.argv.slice(2);
  try {
    setUp();
  } catch (error) {
    process.stderr.write(`${error instanceof Stop ? error.message : error.stack}\n`);
    return close({ passed: 0, failed: 1 });
  }
  say('C++ tests');
  const native = attempt(runNativeTests);
  say('Jest');
  const jest = attempt(() => runJest(args));
  return close(sum([native, jest]));
});
