'use strict';
// Running other programs from the project's scripts. Plain Node, no packages: it works before `npm ci`.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..', '..');

/** A failure whose message is all that the user needs: printed as it is, without a stack. */
class Stop extends Error {}

/** One plain line about a long step: what it does, and why. */
function say(line) {
  process.stdout.write(`[lowrank] ${line}\n`);
}

/** The environment for node-gyp: Node's own headers where the installation brings them, so that nothing is fetched. */
function buildEnvironment(env = process.env) {
  const result = { ...env };
  if (!result.npm_config_nodedir) {
    const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
    if (fs.existsSync(path.join(prefix, 'include', 'node', 'node_api.h'))) result.npm_config_nodedir = prefix;
  }
  return result;
}

/** Runs a program and collects what it prints. `code` is null when it could not be started, or was ended by a signal. */
function capture(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  return {
    ok: done.status === 0,
    code: done.status,
    stdout: done.stdout ?? '',
    stderr: done.stderr ?? '',
    output: `${done.stdout ?? ''}${done.stderr ?? ''}`,
    error: done.error,
  };
}

/** Runs a program on this terminal. Returns its exit code; 128 + n where a signal ended it. */
function passThrough(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.error) throw new Stop(`${command} could not be started: ${done.error.message}`);
  return done.status ?? 128;
}

/** Where a program lies on the PATH, or undefined. */
function which(program) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    if (folder === '') continue;
    const file = path.join(folder, program);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      // not here
    }
  }
  return undefined;
}

/** npm as a command and its first arguments: the one that runs this script, or the one on the PATH. */
function npmCommand() {
  const own = process.env.npm_execpath;
  return own && /npm-cli\.[cm]?js$/.test(own) ? [process.execPath, [own]] : ['npm', []];
}

/** The file that an installed npm package runs for its command `name`: node_modules/.bin without the shell. */
function packageCommand(packageName, name = packageName) {
  const folder = path.join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[name]);
}

/** The last lines of a long output. */
function tail(text, lines = 40) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** Runs main(); a Stop is printed as one line, and any failure gives exit code 1. */
function runMain(main) {
  try {
    const code = main();
    if (typeof code === 'number') process.exitCode = code;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

module.exports = {
  root,
  Stop,
  say,
  buildEnvironment,
  capture,
  passThrough,
  which,
  npmCommand,
  packageCommand,
  tail,
  runMain,
};
