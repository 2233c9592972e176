'use strict';
// What the programs of the process tests begin with: the built addon itself, without the facade, and runs that only end
// when they are told to.

const path = require('node:path');
const { isMainThread, parentPort, workerData, Worker } = require('node:worker_threads');

const file = path.join(module.path, '..', '..', 'build', 'Release', 'lowrank.node');
const native = require(file);

/** A run of about `megabytes` per pass, with the given options changed. */
function makeRun(changes = {}, megabytes = 4) {
  const n = 32;
  const measurements = Math.max(1, Math.round((megabytes * 2 ** 20) / (8 * n * n)));
  const operator = new native.DenseOperator(measurements, n, n, false, 'float64');
  operator.fillGaussian(1, 1 / Math.sqrt(measurements), 1);
  const y = new Float64Array(measurements);
  native.normals(1, 'noise', 0, y);
  return new native.Run(operator, {
    model: 'asymmetric',
    rank: 3,
    method: 'gradient-descent',
    init: 'random',
    initScale: 0.1,
    initRatio: 1,
    entryVariance: 'scale^2/rank',
    seed: 3,
    left: null,
    right: null,
    step: 'fixed',
    stepSize: 1e-6,
    stopIterations: 1e12,
    stopResidual: 0,
    stopGradient: 0,
    stopStallWindow: 0,
    stopStallDecrease: 0,
    stopValidationPatience: 0,
    stopTimeLimit: 0,
    stopDivergence: 1e6,
    stopEventIteration: -1,
    stopEventResidual: 0,
    recordEvery: 0,
    iterationOffset: 0,
    columns: [],
    probeRank: 0,
    y,
    heldOut: null,
    truth: null,
    ...changes,
  });
}

function advance(run, iterations, threads = 1) {
  return new Promise((resolve, reject) => {
    run.advance(iterations, threads, (error, info) => {
      if (error) reject(error);
      else resolve(info);
    });
  });
}

/** `count` runs under way, far more iterations before them than anybody waits for. */
function startEndless(count, threads = 1) {
  const runs = Array.from({ length: count }, () => makeRun());
  const ends = runs.map((run) => advance(run, 1e12, threads));
  return { runs, ends };
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A worker that runs `body`, an async function of what this file exports. */
function startWorker(body, data) {
  const source = `(${String(body)})(require(${JSON.stringify(module.filename)}))`;
  return new Worker(source, { eval: true, workerData: data });
}

const nextMessage = (worker) => new Promise((resolve) => worker.once('message', resolve));
const exitOf = (worker) => new Promise((resolve) => worker.once('exit', resolve));
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

module.exports = {
  advance,
  exitOf,
  isMainThread,
  makeRun,
  native,
  nextMessage,
  parentPort,
  print,
  sleep,
  startEndless,
  startWorker,
  workerData,
};
