#!/usr/bin/env node
'use strict';
// Where OpenBLAS is: `node scripts/openblas.js libs|cflags|check`. binding.gyp asks for libs and cflags.
// By pkg-config where that knows it, by Homebrew on macOS, else by linking a program of two lines.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { capture, which } = require('./lib/process.js');
const { installCommand } = require('./lib/platform.js');

const words = (text) => text.trim().split(/\s+/).filter(Boolean);

function byHomebrew() {
  if (process.platform !== 'darwin' || !which('brew')) return undefined;
  const answer = capture('brew', ['--prefix', 'openblas']);
  const prefix = answer.stdout.trim();
  if (!answer.ok || !fs.existsSync(path.join(prefix, 'lib'))) return undefined;
  return { libs: [`-L${prefix}/lib`, '-lopenblas'], cflags: [`-I${prefix}/include`], found: `Homebrew, ${prefix}` };
}

function byPkgConfig() {
  const program = process.env.PKG_CONFIG || which('pkg-config') || which('pkgconf');
  if (!program) return undefined;
  const libs = capture(program, ['--libs', 'openblas']);
  const cflags = capture(program, ['--cflags', 'openblas']);
  if (!libs.ok || !cflags.ok) return undefined;
  return { libs: words(libs.stdout), cflags: words(cflags.stdout), found: 'pkg-config' };
}

/** A program that needs one routine of BLAS and one of LAPACK: links, or not. */
function byLinking() {
  const compiler = process.env.CXX || ['c++', 'g++', 'clang++'].find(which);
  if (!compiler) return undefined;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'lowrank-openblas-'));
  try {
    const source = path.join(folder, 'probe.cc');
    fs.writeFileSync(
      source,
      'extern "C" void dgemm_(); extern "C" void dgesdd_();\nint main() { dgemm_(); dgesdd_(); }\n',
    );
    const [program, ...flags] = words(compiler);
    const link = capture(program, [...flags, source, '-o', path.join(folder, 'probe'), '-lopenblas']);
    return link.ok ? { libs: ['-lopenblas'], cflags: [], found: 'the linker' } : undefined;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** { libs, cflags, found }, or undefined where there is no OpenBLAS to build with. */
function find() {
  return byHomebrew() ?? byPkgConfig() ?? byLinking();
}

/** The one line that mends a machine without OpenBLAS. */
function missing() {
  return `lowrank needs OpenBLAS, which was not found. Install it and run again: ${installCommand(['openblas'])}`;
}

function main() {
  const what = process.argv[2] ?? '';
  if (!['libs', 'cflags', 'check'].includes(what)) {
    process.stderr.write('Usage: node scripts/openblas.js libs|cflags|check\n');
    return 2;
  }
  const answer = find();
  if (!answer) {
    process.stderr.write(`${missing()}\n`);
    return 1;
  }
  process.stdout.write(
    `${what === 'check' ? `found by ${answer.found}: ${answer.libs.join(' ')}` : answer[what].join(' ')}\n`,
  );
  return 0;
}

if (require.main === module) process.exitCode = main();

module.exports = { find, missing };
