#!/usr/bin/env node
/** The `lowrank` program: everything is in run.ts, which tests can call; this file touches the process. */
import { describeFault, ExitCode } from './exit';
import { runCli } from './run';

// What escapes every handler is a fault of ours: one line and exit code 3, like every other fault.
process.on('uncaughtException', (error) => {
  process.stderr.write(`lowrank: ${describeFault(error)}\n`);
  process.exit(ExitCode.fault);
});

// The reader of a pipe may stop early (`lowrank ... | head`): that is its right and no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.ok);
  throw error;
});

void runCli(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
