/** Memory is counted before work starts, and work that would not fit is refused instead of being killed in the middle. */
import { freemem, totalmem } from 'node:os';
import { positiveInteger } from './checks';
import { LowrankError } from './errors';

/**
 * Bytes this process may still take: free memory, or what the container's limit leaves, whichever is less.
 * `constrainedMemory()` says 0, nothing, or a number beyond the machine's where there is no limit.
 */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  const free = freemem();
  if (typeof limit !== 'number' || limit <= 0 || limit > totalmem()) return free;
  return Math.max(0, Math.min(free, limit - process.memoryUsage.rss()));
}

/** Refuse above this share of {@link availableMemory}: the rest is for results, garbage not yet collected, and neighbours. */
const SHARE = 0.8;

/**
 * Refuses work whose estimate exceeds the cap.
 *
 * @param bytes the estimate
 * @param what what needs them, with its verb: "The run needs"
 * @param cap option `maxMemory`, bytes; undefined: 80 % of the memory available now
 * @throws LowrankError OUT_OF_MEMORY, its message with the estimate and the cap
 */
export function refuseAbove(bytes: number, what: string, cap: unknown): void {
  const limit = cap === undefined ? SHARE * availableMemory() : positiveInteger(cap, 'maxMemory');
  if (bytes <= limit) return;
  const reason = cap === undefined ? '80 % of the memory available' : 'maxMemory';
  throw new LowrankError(
    'OUT_OF_MEMORY',
    `${what} about ${inUnits(bytes)}, more than ${inUnits(limit)} (${reason}). Set maxMemory (bytes) to change the cap.`,
  );
}

function inUnits(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ''}`;
}
