/**
 * Progress on stderr: a bar on a terminal, a line now and then elsewhere, nothing when asked to be quiet. Results never
 * come here, so that stdout can be piped.
 */
import { SingleBar } from 'cli-progress';

export interface Progress {
  /** `text` says what is going on, `fraction` how much of that is done, from 0 to 1. */
  update(fraction: number, text: string): void;
  /** Removes the bar. Nothing may be shown afterwards. */
  stop(): void;
}

const silent: Progress = { update: () => undefined, stop: () => undefined };

export function showProgress(quiet: boolean): Progress {
  if (quiet) return silent;
  return process.stderr.isTTY ? bar() : lines();
}

function bar(): Progress {
  let shown: SingleBar | undefined;
  return {
    update: (fraction, text) => {
      if (!shown) {
        shown = new SingleBar({
          format: '{bar} {text}',
          barCompleteChar: '#',
          barIncompleteChar: '.',
          barsize: 30,
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
          // The signal handlers are ours: they must see Ctrl-C, and the bar is taken down in stop().
          gracefulExit: false,
          emptyOnZero: true,
          fps: 8,
        });
        shown.start(1000, 0, { text });
      }
      shown.update(Math.round(1000 * Math.min(1, Math.max(0, fraction))), { text });
    },
    stop: () => {
      shown?.stop();
      shown = undefined;
    },
  };
}

/** The first line after two seconds, then ever more seldom: a log of an overnight run should not be all progress. */
function lines(): Progress {
  const start = performance.now();
  let next = 2;
  return {
    update: (_fraction, text) => {
      const seconds = (performance.now() - start) / 1000;
      if (seconds < next) return;
      next = Math.max(seconds + 2, Math.min(seconds * 1.6, seconds + 60));
      process.stderr.write(`lowrank: ${Math.round(seconds)} s: ${text}\n`);
    },
    stop: () => undefined,
  };
}
