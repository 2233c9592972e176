/** Signals become an abort: the work stops at once, files half written are removed, and the process ends by itself. */
import { Interrupted } from './exit';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How long the work may take to stop after a signal before the process ends without it. */
const patience = 5000;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Gives the signals their usual effect back. */
  release(): void;
}

export function catchInterrupts(): Interruption {
  const controller = new AbortController();
  const listeners = signals.map((name) => {
    const listener = (): void => {
      const reason = new Interrupted(name);
      // The second signal means it: whoever presses Ctrl-C twice does not want to wait.
      if (controller.signal.aborted) process.exit(reason.exitCode);
      controller.abort(reason);
      setTimeout(() => process.exit(reason.exitCode), patience).unref();
    };
    process.on(name, listener);
    return [name, listener] as const;
  });
  return {
    signal: controller.signal,
    release: () => {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}
