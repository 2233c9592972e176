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
    let thrown: { readonly error: Error } | undefined;
    const abort = (): void => {
      task.cancel();
    };
    const task = start((error, result) => {
      clearInterval(timer);
      signal?.removeEventListener('abort', abort);
      if (thrown !== undefined) reject(thrown.error);
      else if (signal?.aborted === true) reject(signal.reason as Error);
      else if (result === undefined) reject(fromNative(error));
      else resolve(result);
    });
    signal?.addEventListener('abort', abort, { once: true });
    // `start` never calls back before it returns.
    const timer = onSteps === undefined ? undefined : setInterval(look, INTERVAL, onSteps);
    function look(report: (steps: number) => void): void {
      try {
        report(task.progress);
      } catch (error) {
        thrown ??= { error: error as Error };
        task.cancel();
      }
    }
  });
}
