'use strict';
// The last word of a Jest run: `N passed, N failed`. Under scripts/test.js, which adds the C++ tests, it hands the counts
// over in the file named by LOWRANK_TEST_COUNTS instead.

const fs = require('node:fs');

class CountsReporter {
  onRunComplete(_contexts, results) {
    const counts = {
      passed: results.numPassedTests,
      // A test file that does not even load is a failure with no test in it.
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    };
    if (results.wasInterrupted || results.runExecError) counts.failed += 1;
    const file = process.env.LOWRANK_TEST_COUNTS;
    if (file) fs.writeFileSync(file, JSON.stringify(counts));
    else process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
  }
}

module.exports = CountsReporter;
