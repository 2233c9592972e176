#!/usr/bin/env node
'use strict';
// Makes this checkout ready to run: system packages, npm packages, the addon, dist/. What is ready already is left alone,
// so a second run takes a fraction of a second. First step of `npm run demo`, `npm test`, `npm run bench`.
//
//   node scripts/setup.js             everything
//   node scripts/setup.js --prepare   builds only, installs nothing (npm's `prepare`)

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { root, Stop, say, buildEnvironment, capture, npmCommand, tail, runMain } = require('./lib/process.js');
const { hashOf, readStamp, writeStamp } = require('./lib/stamp.js');
const { installCommand } = require('./lib/platform.js');
const { installSystemPackages, tryInstallSystemPackages } = require('./lib/packages.js');
const { withLock } = require('./lib/lock.js');
const { buildNative, checkTools, missingTools } = require('./build-native.js');
const { buildTypeScript } = require('./build-ts.js');
const openblas = require('./openblas.js');

const addon = 'build/Release/lowrank.node';
const addonStamp = 'build/.stamp';
const distStamp = 'dist/.stamp';

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 17)) return;
  throw new Stop(`lowrank needs Node 20.17 or later, this is ${process.version}: see https://nodejs.org/en/download`);
}

// ---- npm packages

/** Whether node_modules holds what package-lock.json says. Optional packages of other platforms may be absent. */
function npmPackagesFit() {
  const read = (file) => JSON.parse(fs.readFileSync(path.join(root, file), 'utf8')).packages ?? {};
  let wanted;
  let present;
  try {
    wanted = read('package-lock.json');
    present = read('node_modules/.package-lock.json');
  } catch {
    return false;
  }
  for (const [name, entry] of Object.entries(wanted)) {
    if (name === '') continue;
    const found = present[name];
    if (!found) {
      if (entry.optional || entry.devOptional) continue;
      return false;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) return false;
  }
  const direct = { ...wanted['']?.dependencies, ...wanted['']?.devDependencies };
  return Object.keys(direct).every((name) => fs.existsSync(path.join(root, 'node_modules', name, 'package.json')));
}

function installNpmPackages() {
  say('Installing the npm packages of package-lock.json: they are missing or of other versions (about half a minute).');
  const [command, first] = npmCommand();
  const args = [...first, 'ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = capture(command, args, { env: buildEnvironment() });
  if (!done.ok) throw new Stop(`${tail(done.output)}\nnpm ci failed, see above.`);
}

// ---- the addon

function addonSources() {
  const nodeAddonApi = 'node_modules/node-addon-api/package.json';
  return hashOf(['native/core', 'native/binding', 'binding.gyp', nodeAddonApi], [process.version, process.arch]);
}

function addonFits() {
  return fs.existsSync(path.join(root, addon)) && readStamp(addonStamp) === addonSources();
}

/** Whether the libraries that the addon links to are there: asked in a process of its own, which may fail as it likes. */
function addonLoads() {
  const env = { ...process.env, OPENBLAS_NUM_THREADS: '1' };
  return capture(process.execPath, ['-e', `process.dlopen({exports:{}}, ${JSON.stringify(path.join(root, addon))})`], {
    env,
  });
}

function buildAddon() {
  checkTools();
  const sources = addonSources();
  say('Building the addon with node-gyp: its sources changed or it is not there (about a minute).');
  fs.rmSync(path.join(root, addonStamp), { force: true });
  buildNative(['lowrank']);
  const loads = addonLoads();
  if (!loads.ok) throw new Stop(`${tail(loads.output, 10)}\nThe addon was built but does not load, see above.`);
  writeStamp(addonStamp, sources);
}

// ---- dist/

function distSources() {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  return hashOf(['src', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build-ts.js'], [version]);
}

function distFits() {
  return fs.existsSync(path.join(root, 'dist', 'index.js')) && readStamp(distStamp) === distSources();
}

function buildDist() {
  const sources = distSources();
  say('Compiling src/ to dist/: the sources changed or it is not there (about ten seconds).');
  buildTypeScript();
  writeStamp(distStamp, sources);
}

// ---- system packages

function fontsPresent() {
  if (process.platform !== 'linux') return true;
  const isFont = (name) => /\.(ttf|otf|ttc|pfb)$/i.test(name);
  const has = (folder) => {
    const entries = fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : [];
    return (
      entries.some((e) => isFont(e.name)) || entries.some((e) => e.isDirectory() && has(path.join(folder, e.name)))
    );
  };
  return has('/usr/share/fonts') || has('/usr/local/share/fonts');
}

function installFonts() {
  const reason = 'figures need a font to be drawn as images';
  if (fontsPresent() || tryInstallSystemPackages(['fonts'], reason)) return;
  say(`No font is installed, and ${reason}. The rest works; to have one: ${installCommand(['fonts'])}`);
}

function installBuildTools() {
  const tools = missingTools();
  if (tools.length > 0) installSystemPackages(tools, 'node-gyp builds the addon with it');
  if (!openblas.find()) installSystemPackages(['openblas'], 'the addon does its linear algebra with it');
  if (!openblas.find()) throw new Stop(openblas.missing());
}

// ---- npx

/**
 * `npx lowrank` typed before the first build leaves npm's own entry for this folder half made, and npx then fails for
 * good ("Could not read package.json"): such an entry is removed, npx makes it anew.
 */
function mendNpx() {
  const cache = process.env.npm_config_cache ?? path.join(os.homedir(), '.npm');
  const name = createHash('sha512').update(root).digest('hex').slice(0, 16);
  const entry = path.join(cache, '_npx', name);
  if (!fs.existsSync(path.join(entry, 'package.json'))) fs.rmSync(entry, { recursive: true, force: true });
}

// ----

/** Everything. */
function setUp() {
  checkNode();
  const ready = npmPackagesFit() && addonFits() && distFits() && addonLoads().ok;
  if (!ready) {
    withLock(() => {
      // In this order: what cannot be installed stops the rest before minutes have gone.
      if (!addonFits() || !addonLoads().ok) installBuildTools();
      if (!npmPackagesFit()) installNpmPackages();
      if (!addonFits() || !addonLoads().ok) buildAddon();
      if (!distFits()) buildDist();
    });
  }
  mendNpx();
  installFonts();
}

/** npm's `prepare`: builds, but installs nothing. */
function prepare() {
  checkNode();
  withLock(() => {
    if (!addonFits()) buildAddon();
    else if (!addonLoads().ok) throw new Stop(openblas.missing());
    const hasCompiler = fs.existsSync(path.join(root, 'node_modules', 'typescript', 'package.json'));
    if (!distFits() && hasCompiler) buildDist();
  });
}

if (require.main === module) runMain(process.argv.includes('--prepare') ? prepare : setUp);

module.exports = { setUp };
