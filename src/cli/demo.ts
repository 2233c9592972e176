/** `npm run demo`: a problem made from a seed, and its recovery by the command line as any user would run it. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { formatBytes } from '../figures/format';
import { describeProblemFile, writeProblemFile } from '../io/problem-file';
import type { NativeDenseOperator } from '../native';
import { gaussianSensing } from '../problems/gaussian';
import { operatorHandle, type Problem } from '../problems/problem';

const n = 60;
const trueRank = 3;
const seed = 1;
const degreesOfFreedom = (trueRank * (2 * n - trueRank + 1)) / 2;
const measurements = 5 * degreesOfFreedom;

/** Writes problem.npz, result.npz and report.html into the current folder. Returns the exit code of the recovery. */
export async function demo(): Promise<number> {
  const problem = gaussianSensing({
    shape: [n, n],
    symmetric: true,
    trueRank,
    measurements,
    seed,
    conditionNumber: 3,
    storage: 'float32',
  });
  const folder = await folderFor(problem);
  const problemFile = join(folder, 'problem.npz');
  const resultFile = join(folder, 'result.npz');
  const reportFile = join(folder, 'report.html');

  say(
    `1. A random symmetric ${n} x ${n} matrix of rank ${trueRank} (seed ${seed}) has ${degreesOfFreedom} degrees of freedom.`,
  );
  await writeProblem(problem, problemFile);
  say(
    `   ${measurements} random measurements of it are now in ${problemFile} (${formatBytes(statSync(problemFile).size)}).`,
  );
  say('');
  const args = ['recover', problemFile, '--out', resultFile, '--report', reportFile];
  const threads = Math.min(2, availableParallelism());
  if (threads > 1) args.push('--threads', String(threads));
  say('2. The recovery is told neither the matrix nor its rank:');
  say(`   $ npx lowrank ${args.join(' ')}`);
  say('');
  const code = await runCommand(args);
  say('');
  if (code !== 0) {
    say(`The recovery ended with exit code ${code}, 0 was expected. "npx lowrank doctor" checks the installation.`);
    return code;
  }
  say(`3. Open ${reportFile} in a browser: verdict, figures, evidence, ledger.`);
  say('');
  say('Try next:');
  say(`   npx lowrank recover ${problemFile} --rank 2         a rank that is too small, and what the verdict says`);
  say('   npx lowrank recover --help');
  say('   npx lowrank doctor                               what this installation runs on');
  say('   docs/files.md                                    how to write a problem.npz of your own');
  return 0;
}

/** The current one, unless a problem.npz is there that the demo did not make: measurements are not overwritten. */
async function folderFor(problem: Problem): Promise<string> {
  if (!existsSync('problem.npz')) return '.';
  const existing = await describeProblemFile('problem.npz').catch(() => undefined);
  if (existing?.y.length === problem.y.length && existing.y.every((value, i) => value === problem.y[i])) return '.';
  mkdirSync('demo', { recursive: true });
  return 'demo';
}

/** The measurement matrices are read back from the operator, which keeps them packed, one at a time. */
async function writeProblem(problem: Problem, path: string): Promise<void> {
  const operator = problem[operatorHandle] as NativeDenseOperator;
  function* matrices(): Generator<Float32Array> {
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < measurements; i++) {
      operator.readMatrix(i, matrix);
      yield Float32Array.from(matrix);
    }
  }
  await writeProblemFile(path, {
    shape: [n, n],
    A: matrices(),
    y: problem.y,
    symmetric: true,
    truth: problem.truth ?? null,
  });
}

/** A process of its own, as from a shell; Ctrl-C reaches both, and the child ends by its own rules. */
function runCommand(args: readonly string[]): Promise<number> {
  const program = join(__dirname, 'main.js');
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  const wait = (): void => undefined;
  process.on('SIGINT', wait);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('SIGINT', wait);
      resolve(code ?? 130);
    });
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
