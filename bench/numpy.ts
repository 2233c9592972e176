/** A NumPy process that times the plain iteration when asked, so that both sides alternate in one run. */
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface NumpyCase {
  readonly n1: number;
  readonly n2: number;
  readonly m: number;
  readonly rank: number;
  readonly symmetric: boolean;
}

export interface NumpyTimer {
  /** Seconds per iteration, mean over `iterations`. */
  time(iterations: number): Promise<number>;
  close(): void;
}

/** The first Python that has NumPy, the system's before others; undefined where there is none. */
export function pythonWithNumpy(): string | undefined {
  return ['/usr/bin/python3', 'python3'].find((python) => spawnSync(python, ['-c', 'import numpy']).status === 0);
}

export interface NumpyDesignCase {
  readonly m: number;
  readonly n: number;
  readonly complex: boolean;
}

export interface NumpyMasksCase {
  readonly patterns: number;
  readonly height: number;
  readonly width: number;
}

/** Of a matrix problem; its `iterations` are whole iterations. */
export function startNumpy(python: string, problem: NumpyCase, threads: number): Promise<NumpyTimer> {
  return startTimer(python, 'numpy_iteration.py', problem, threads);
}

/** Of a vector problem: r = X theta and X^H w; of masks: the transforms of all patterns. */
export function startNumpyDesign(
  python: string,
  design: NumpyDesignCase | NumpyMasksCase,
  threads: number,
): Promise<NumpyTimer> {
  return startTimer(python, 'numpy_design.py', design, threads);
}

async function startTimer(python: string, script: string, problem: object, threads: number): Promise<NumpyTimer> {
  const child = spawn(python, [path.join(__dirname, script)], {
    env: { ...process.env, OPENBLAS_NUM_THREADS: String(threads), OMP_NUM_THREADS: String(threads) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: object): Promise<Record<string, unknown>> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer: IteratorResult<string, undefined> = await lines.next();
    if (answer.done === true) throw new Error('NumPy ended before it answered.');
    return JSON.parse(answer.value) as Record<string, unknown>;
  };
  await ask(problem);
  return {
    time: async (iterations) => Number((await ask({ iterations }))['seconds']),
    close: () => child.stdin.end(),
  };
}
