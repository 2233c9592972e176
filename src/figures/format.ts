/** How numbers are written for people, in reports and on the terminal alike. */

/** Four significant digits at most, in scientific form where plain digits would hide the size. */
export function formatNumber(value: number): string {
  if (value === Infinity) return 'infinite';
  // A measure that does not exist here, such as a gap behind the last of all singular values.
  if (!Number.isFinite(value)) return 'not known';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return String(value);
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(4)));
  const [mantissa = '', exponent = ''] = value.toExponential(2).split('e');
  return `${mantissa}e${exponent.replace('+', '')}`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 1) return `${formatNumber(Number((seconds * 1000).toPrecision(3)))} ms`;
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))} ${units[unit] ?? ''}`;
}

export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

const stopped: Record<string, string> = {
  residual: 'the residual reached its goal',
  gradient: 'the gradient vanished',
  validation: 'the validation error stopped falling',
  stalled: 'no more progress',
  iterations: 'the limit of iterations was reached',
  time: 'the time limit was reached',
  cancelled: 'it was cancelled',
  diverged: 'the iterates diverged',
  numerical: 'the numbers stopped being finite',
};

/** Why a run ended, in words. */
export function explainStatus(status: string): string {
  return stopped[status] ?? status;
}
