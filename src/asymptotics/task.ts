/** Native tasks as promises that a signal ends. */
import { fromNative } from '../native-errors';
import type { NativeTask } from '../native';

/** Milliseconds between two looks at a task's progress. */
const INTERVAL = 100;

/**
 * Starts a task and waits for it.
 *
 * @param onSteps called on the JavaScript thread with the steps done, about ten times a second; what it throws ends the
 *   task and is what the promise rejects with
 */
export function runTask<T>(
  start: (done: (error: Error | null, result?: T) => void) => NativeTask,
  signal: AbortSignal | undefined,
  onSteps?: (steps: number) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let thrown: { readonly error: unknown } | undefined;
    const abort = (): void => {
      task.cancel();
    };
    const task = start((error, result) => {
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
      if (thrown !== undefined) reject(thrown.error as Error);
      else if (signal?.aborted === true) reject(signal.reason as Error);
      else if (result === undefined) reject(fromNative(error));
      else resolve(result);
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (onSteps === undefined) return;
    timer = setInterval(() => {
      try {
        onSteps(task.progress);
      } catch (error) {
        thrown ??= { error };
        task.cancel();
      }
    }, INTERVAL);
  });
}
