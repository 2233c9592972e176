/** What a command of the program is. A new one is one file in commands/ and one line in commands/index.ts. */
import type { Command } from 'commander';

export interface CommandContext {
  /** Aborted, with an Interrupted as its reason, when the process is told to end. */
  readonly signal: AbortSignal;
}

export interface CliCommand {
  /** Adds name, arguments, options and help to `command`. */
  describe(command: Command): void;
  /** Does the work and returns the exit code; throws for bad input. `args` are the positional arguments. */
  run(args: readonly string[], options: Readonly<Record<string, unknown>>, context: CommandContext): Promise<number>;
  readonly name: string;
}
