#!/usr/bin/env node
'use strict';
// What .ci/run does: `npm test`, then the static checks, whatever fails. The last line is `N passed, N failed`, of both.

const { spawn } = require('node:child_process');
const { root, say, npmCommand } = require('./lib/process.js');
const { lastCounts, judged, sum, close } = require('./lib/counts.js');
const { runChecks } = require('./check.js');

/** Runs `npm test`, shows what it prints, and counts by its last line. */
async function runTests() {
  const [command, first] = npmCommand();
  const child = spawn(command, [...first, 'test'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let last = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text) => {
    process.stdout.write(text);
    last = (last + text).slice(-1000);
  });
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.on('close', resolve);
  });
  return judged(lastCounts(last), code);
}

async function main() {
  const tests = await runTests();
  say('Static checks');
  process.exitCode = close(sum([tests, runChecks()]));
}

void main();
