#!/usr/bin/env node
/** The `lowrank` program: everything is in run.ts, which tests can call; this file touches the process. */
import { describeFault, ExitCode } from './exit';
import { runCli } from './run';

// What escapes every handler is a fault of ours: one line and exit code 3, like every other fault.
process.on('uncaughtException', (error) => {
  process.stderr.write(`lowrank: ${describeFault(error)}\n`);
  process.exit(ExitCode.fault);
});

// The reader of a pipe may stop early (`lowrank ... | head`): that is its right. The work goes on to its files and its code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

void runCli(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
