#!/usr/bin/env node
'use strict';
// Builds dist/ from src/: compiled TypeScript and the hand-written ES module wrapper. A failed build leaves dist/ as it was.

const fs = require('node:fs');
const path = require('node:path');
const { root, Stop, capture, packageCommand, runMain } = require('./lib/process.js');

/** Files of src/ that are published as they are. */
const copied = ['index.mjs', 'index.d.mts'];

function buildTypeScript() {
  const source = path.join(root, 'src');
  const target = path.join(root, 'dist');
  const fresh = path.join(root, 'dist.new'); // as deep as dist/, so that the source maps point right
  fs.rmSync(fresh, { recursive: true, force: true });
  try {
    const compiler = packageCommand('typescript', 'tsc');
    const done = capture(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', fresh]);
    if (!done.ok) throw new Stop(`${done.output.trimEnd()}\nThe TypeScript sources do not compile, see above.`);
    for (const file of copied) fs.copyFileSync(path.join(source, file), path.join(fresh, file));
    const command = path.join(fresh, 'cli', 'main.js');
    if (fs.existsSync(command)) fs.chmodSync(command, 0o755);
    fs.rmSync(target, { recursive: true, force: true });
    fs.renameSync(fresh, target);
  } finally {
    fs.rmSync(fresh, { recursive: true, force: true });
  }
}

if (require.main === module) runMain(buildTypeScript);

module.exports = { buildTypeScript };
