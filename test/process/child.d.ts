/** Types of child.js, which programs receive as their argument. */
import type { MessagePort, Worker } from 'node:worker_threads';

import type { NativeAddon, NativeRun, NativeRunInfo, NativeRunOptions } from '../../src/native';

export const native: NativeAddon;
export const isMainThread: boolean;
export const parentPort: MessagePort;
export const workerData: unknown;

export function makeRun(changes?: Partial<NativeRunOptions>, megabytes?: number): NativeRun;
export function advance(run: NativeRun, iterations: number, threads?: number): Promise<NativeRunInfo>;
export function startEndless(count: number, threads?: number): { runs: NativeRun[]; ends: Promise<NativeRunInfo>[] };
/** `end` is the status of a run, 'CANCELLED' of a task, 'done' where the work was not enough. */
export function startVectorWork(name: string, threads?: number): { cancel: () => void; end: Promise<string> };
export function sleep(milliseconds: number): Promise<void>;
export function startWorker(body: (child: Child) => unknown, data?: unknown): Worker;
/** What the worker sends is what the caller says it is. */
export function nextMessage(worker: Worker): Promise<any>; // eslint-disable-line @typescript-eslint/no-explicit-any
export function exitOf(worker: Worker): Promise<number>;
export function print(value: unknown): void;

export type Child = typeof import('./child');
