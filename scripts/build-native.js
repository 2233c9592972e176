#!/usr/bin/env node
'use strict';
// Builds the addon, build/Release/lowrank.node, and with --test the C++ test program beside it.
// Also for an installed package whose binary does not fit the machine: node node_modules/lowrank/scripts/build-native.js

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { root, Stop, say, buildEnvironment, capture, which, tail, runMain } = require('./lib/process.js');
const { installCommand } = require('./lib/platform.js');
const openblas = require('./openblas.js');

/** Which of compiler, make and python are not there. */
function missingTools() {
  const missing = [];
  if (!process.env.CXX && !['c++', 'g++', 'clang++'].some(which)) missing.push('compiler');
  if (!which('make')) missing.push('make');
  if (!process.env.npm_config_python && !['python3', 'python'].some(which)) missing.push('python');
  return missing;
}

/** Stops where a tool or OpenBLAS is missing, before minutes have gone. */
function checkTools() {
  const tools = missingTools();
  if (tools.length > 0) {
    throw new Stop(
      `The addon cannot be built without ${tools.join(', ')}. Install and run again: ${installCommand(tools)}`,
    );
  }
  if (!openblas.find()) throw new Stop(openblas.missing());
}

/** What to do about a failed `node-gyp configure`, where it is the headers that could not be fetched. */
function explain(output) {
  if (!/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|FetchError|getaddrinfo|headers|checksum/i.test(output))
    return '';
  return (
    "\nNode's headers are not on this machine and could not be fetched. Set npm_config_nodedir to a folder that holds " +
    'include/node/node_api.h (the folder that nodejs.org archives unpack to has it) and run again.'
  );
}

/** Runs node-gyp in `directory`; quiet unless it fails or the compiler warns. */
function nodeGyp(args, directory = root) {
  const script = require.resolve('node-gyp/bin/node-gyp.js', { paths: [root] });
  const done = capture(process.execPath, [script, '--loglevel', 'warn', ...args], {
    cwd: directory,
    env: buildEnvironment(),
  });
  if (!done.ok) {
    throw new Stop(`${tail(done.output, 200)}\nnode-gyp ${args.join(' ')} failed, see above.${explain(done.output)}`);
  }
  if (/\bwarning:/.test(done.stderr)) process.stderr.write(done.stderr);
}

/** Compiles what has changed. Targets: 'lowrank' (the addon), 'lowrank_core_test' (the C++ tests). */
function buildNative(targets, { directory = root, settings = [] } = {}) {
  checkTools();
  const stamp = path.join(directory, 'build', '.node-version');
  const version = `${process.version} ${process.arch}`;
  // Objects made for another Node or another processor are not reused.
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') !== version) nodeGyp(['clean'], directory);
  nodeGyp(['configure', ...settings], directory);
  fs.writeFileSync(stamp, version);
  nodeGyp(['build', '--jobs', String(os.availableParallelism()), ...settings, ...targets], directory);
}

if (require.main === module) {
  runMain(() => {
    say('Building the addon from native/ (about a minute).');
    buildNative(process.argv.includes('--test') ? ['lowrank', 'lowrank_core_test'] : ['lowrank']);
  });
}

module.exports = { buildNative, checkTools, missingTools };
