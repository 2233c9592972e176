'use strict';
// One set-up at a time in a checkout: a second one waits for the first instead of building over it.

const fs = require('node:fs');
const path = require('node:path');
const { root, say } = require('./process.js');

const file = path.join(root, '.setup.lock');

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function sleep(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function holder() {
  try {
    return Number(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function tryTake() {
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, `${process.pid}\n`);
  try {
    fs.linkSync(own, file); // appears with its content, or not at all
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

/** Runs `work` while holding the lock of this checkout; the lock of a process that has died is taken over. */
function withLock(work) {
  let told = false;
  while (!tryTake()) {
    const pid = holder();
    if (pid === undefined) continue;
    if (!isAlive(pid)) {
      fs.rmSync(file, { force: true });
      continue;
    }
    if (!told) say(`Waiting for another set-up of this folder (process ${pid}).`);
    told = true;
    sleep(200);
  }
  try {
    return work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

module.exports = { withLock };
