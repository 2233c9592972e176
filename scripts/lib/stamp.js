'use strict';
// Whether something built is still what its sources say: a hash of the sources, kept beside the product.

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { root } = require('./process.js');

/** All files under these paths (relative to the root), sorted; a path that is not there counts as empty. */
function filesUnder(paths) {
  const files = [];
  for (const start of paths) {
    const entry = fs.statSync(path.join(root, start), { throwIfNoEntry: false });
    if (entry?.isFile()) files.push(start);
    else if (entry?.isDirectory()) {
      for (const name of fs.readdirSync(path.join(root, start))) files.push(...filesUnder([path.join(start, name)]));
    }
  }
  return files.sort();
}

/** SHA-256 over names and contents of the files, and over `facts` (versions, settings). */
function hashOf(paths, facts = []) {
  const hash = createHash('sha256');
  for (const fact of facts) hash.update(`${fact}\0`);
  for (const file of filesUnder(paths)) {
    const content = fs.readFileSync(path.join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function readStamp(file) {
  try {
    return fs.readFileSync(path.join(root, file), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function writeStamp(file, stamp) {
  fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  fs.writeFileSync(path.join(root, file), `${stamp}\n`);
}

module.exports = { filesUnder, hashOf, readStamp, writeStamp };
