'use strict';
// Counting tests and checks: every part answers { passed, failed }, and a part that dies counts as one failure at least.

const line = /^(\d+) passed, (\d+) failed\s*$/;

/** The counts in the last line of an output that has the form `N passed, N failed`, or undefined. */
function lastCounts(output) {
  const found = output.trimEnd().split('\n').at(-1)?.match(line);
  return found ? { passed: Number(found[1]), failed: Number(found[2]) } : undefined;
}

/** What a finished part counts for: a bad exit without a failure counted, and a run of no test at all, are failures. */
function judged(counts, exitCode) {
  const { passed, failed } = counts ?? { passed: 0, failed: 0 };
  const unseen = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: failed + (unseen ? 1 : 0) };
}

function sum(parts) {
  return parts.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), {
    passed: 0,
    failed: 0,
  });
}

/** Prints the closing line and returns the exit code that belongs to it. */
function close({ passed, failed }) {
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

module.exports = { lastCounts, judged, sum, close };
