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

/** Makes up work on vectors that takes far longer than anybody waits: a method of NativeVectorRun, 'topEigenpair' or 'dmft'. */
function startVectorWork(name, threads = 1) {
  if (name === 'dmft') return startDmft(threads);
  const [n, m] = [1000, 4000];
  const design = new native.DenseDesign(m, n, 'complex');
  design.fillGaussian(1, threads);
  const y = new Float64Array(m);
  native.uniforms(1, 'noise', 0, y);
  const theta = new Float64Array(2 * n);
  native.normals(1, 'initialVector', 0, theta);
  if (name === 'topEigenpair') {
    let task;
    const end = new Promise((resolve) => {
      const out = [new Float64Array(2 * n), new Float64Array(2 * m)];
      task = native.topEigenpair(design, y, 1, 1e-15, 1e6, threads, ...out, (error) => resolve(error?.code ?? 'done'));
    });
    return { cancel: () => task.cancel(), end };
  }
  const method = native.vectorMethodDescriptions().find((one) => one.name === name);
  const run = new native.VectorRun(design, {
    method: name,
    methodParameters: method.defaults,
    loss: { name: 'wirtinger', parameters: [] },
    theta,
    seed: 0,
    step: 'auto',
    stepSize: 0,
    ridge: 0,
    momentum: 0,
    stopIterations: 1e12,
    stopResidual: 0,
    stopGradient: 0,
    stopChange: 0,
    stopTimeLimit: 0,
    stopDivergence: 0,
    recordEvery: 0,
    columns: [],
    intensity: true,
    even: true,
    y,
    truth: null,
  });
  return { cancel: () => run.cancel(), end: advance(run, 1e12, threads).then(({ status }) => status) };
}

function startDmft(threads) {
  const [samples, iterations] = [200_000, 120];
  const z = new Float64Array(samples);
  native.normals(1, 'asymptotics', 0, z);
  let task;
  const end = new Promise((resolve) => {
    const options = {
      field: 'real',
      delta: 3,
      loss: { name: 'square', parameters: [] },
      iterations,
      steps: new Float64Array(iterations).fill(0.1),
      ridge: 0,
      momentum: 0,
      batch: 1,
      spectral: false,
      tau: 0,
      overlap: 0.5,
      norm: 1,
      spectralMemory: true,
      seed: 1,
      firstSample: 0,
      z,
      y: z,
      t: null,
    };
    task = native.dmft(options, threads, (error) => resolve(error?.code ?? 'done'));
  });
  return { cancel: () => task.cancel(), end };
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
  startVectorWork,
  startWorker,
  workerData,
};
