#!/usr/bin/env node
'use strict';
// `npm run check`: every static check, one after the other, also after a failure. Prints `N passed, N failed` at the end.

const { say, capture, which, packageCommand, tail, runMain } = require('./lib/process.js');
const { filesUnder } = require('./lib/stamp.js');
const { installSystemPackages } = require('./lib/packages.js');
const { close } = require('./lib/counts.js');

/** Runs the command of an npm package. */
function tool(command, ...args) {
  return () => capture(process.execPath, [packageCommand(...[command].flat()), ...args]);
}

/** All C++ files of ours. */
function cppFiles() {
  return filesUnder(['native']).filter((file) => /\.(cc|h)$/.test(file));
}

function clangFormat(...args) {
  if (!which('clang-format')) installSystemPackages(['clangFormat'], 'it checks the layout of the C++ sources');
  return capture('clang-format', [...args, ...cppFiles()]);
}

const checks = [
  ['types (tsc)', tool(['typescript', 'tsc'], '-p', 'tsconfig.json')],
  ['lint (eslint)', tool('eslint', '--max-warnings', '0', '.')],
  ['format of TypeScript (prettier)', tool('prettier', '--check', '--log-level', 'warn', '.')],
  ['format of C++ (clang-format)', () => clangFormat('--dry-run', '-Werror')],
  ['package (publint)', tool('publint', 'run', '--strict')],
  ['API docs (typedoc)', tool('typedoc', '--emit', 'none', '--treatWarningsAsErrors')],
];

function passes(name, run) {
  const start = Date.now();
  let problem;
  try {
    const done = run();
    if (!done.ok) problem = done.output || String(done.error ?? `exit code ${done.code}`);
  } catch (error) {
    problem = error.message;
  }
  if (problem !== undefined) process.stdout.write(`${tail(problem, 200)}\n`);
  say(`${problem === undefined ? 'ok    ' : 'FAILED'} ${name}, ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return problem === undefined;
}

/** Runs all checks and counts them. */
function runChecks() {
  const results = checks.map(([name, run]) => passes(name, run));
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed };
}

if (require.main === module) runMain(() => close(runChecks()));

module.exports = { runChecks, clangFormat };
