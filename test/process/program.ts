/** Runs a function as a process of its own, on the built addon, and tells how the process ended. */
import { spawn } from 'node:child_process';
import path from 'node:path';

import type { Child } from './child';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** Longer than any of these programs takes on a busy machine; a process that is still there then hangs. */
const deadline = 30_000;

/** `body` crosses as text: it sees the exports of child.js as its argument, and nothing of the test. */
export function runProgram(
  body: (child: Child) => unknown,
  { signal, env, flags = [] }: { signal?: NodeJS.Signals; env?: NodeJS.ProcessEnv; flags?: string[] } = {},
): Promise<Ending> {
  const prelude = JSON.stringify(path.join(__dirname, 'child.js'));
  const source = `(${String(body)})(require(${prelude}))`;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, [...flags, '-e', source], { env: { ...process.env, ...env } });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), deadline);
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (signal && stdout.includes('ready')) child.kill(signal);
    });
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code, endedBy) => {
      clearTimeout(timer);
      resolve({ code, signal: endedBy, stdout, stderr, milliseconds: performance.now() - started });
    });
  });
}

/** What a program printed with print(), which must have ended well. */
export async function resultOf<T>(
  body: (child: Child) => unknown,
  options?: Parameters<typeof runProgram>[1],
): Promise<T> {
  const ending = await runProgram(body, options);
  if (ending.code !== 0) throw new Error(`ended with ${ending.code ?? ending.signal ?? '?'}: ${ending.stderr}`);
  return JSON.parse(ending.stdout) as T;
}
