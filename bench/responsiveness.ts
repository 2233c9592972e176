/** The longest gap of a 5 ms timer, and of a file read, while solves of seconds are under way. */
import { readFile } from 'node:fs/promises';

import { problems, solve, type Problem } from '../src/index';

export interface ResponsivenessRow {
  readonly what: string;
  readonly milliseconds: number;
}

function endless(problem: Problem, threads: number, timeLimit: number, signal?: AbortSignal): Promise<unknown> {
  return solve(problem, {
    rank: 10,
    init: { kind: 'random', scale: 1e-2, seed: 1 },
    step: 1e-9,
    stop: { iterations: 1_000_000, timeLimit },
    record: { every: 0, columns: [] },
    threads,
    signal,
  });
}

export async function benchResponsiveness(): Promise<ResponsivenessRow[]> {
  const shape = [100, 100] as const;
  const problem = problems.gaussianSensing({ shape, symmetric: true, trueRank: 5, measurements: 4000, seed: 1 });
  let last = performance.now();
  let gap = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    gap = Math.max(gap, now - last);
    last = now;
  }, 5);
  const longestGap = (): number => {
    const longest = gap;
    gap = 0;
    return longest;
  };
  longestGap();
  await endless(problem, 2, 5);
  const single = longestGap();

  const eight = Promise.all(Array.from({ length: 8 }, () => endless(problem, 1, 3)));
  let read = 0;
  const end = performance.now() + 2500;
  while (performance.now() < end) {
    const start = performance.now();
    await readFile(__filename);
    read = Math.max(read, performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await eight;

  let abort = 0;
  for (let attempt = 0; attempt < 10; attempt++) {
    const controller = new AbortController();
    const run = endless(problem, 2, 10, controller.signal).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100 + 13 * attempt));
    const start = performance.now();
    controller.abort();
    await run;
    abort = Math.max(abort, performance.now() - start);
  }
  clearInterval(timer);
  return [
    { what: 'longest gap of a 5 ms timer during a 5 s solve on 2 threads', milliseconds: single },
    { what: 'longest readFile during eight solves', milliseconds: read },
    { what: 'longest of 10 aborts', milliseconds: abort },
  ];
}
