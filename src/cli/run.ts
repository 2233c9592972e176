/** Parses a command line, runs its command, and turns whatever happens into an exit code. */
import { Command, CommanderError } from 'commander';

import { version } from '../version';
import { commands } from './commands';
import { endingOf, ExitCode, oneLine, UsageError } from './exit';
import { catchInterrupts } from './interrupt';

const exitCodes = `
Exit codes:
  0  done and accepted
  1  it ran, but it did not converge or the answer is not to be trusted
  2  bad usage or bad input
  3  a fault of this program or of its installation
  130, 143  interrupted by SIGINT, SIGTERM

Results go to standard output, progress and errors to standard error.
`;

export async function runCli(argv: readonly string[]): Promise<number> {
  let code: number = ExitCode.ok;
  const program = buildProgram((result) => {
    code = result;
  });
  try {
    if (argv.length === 0) throw new UsageError(`No command given. ${knownCommands()} "lowrank --help" explains them.`);
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.badInput;
    const ending = endingOf(error);
    writeError(ending.line);
    return ending.code;
  }
}

function buildProgram(finish: (code: number) => void): Command {
  const program = new Command('lowrank');
  settle(program);
  program
    .description('Recovers a low-rank matrix from few linear measurements, and says how far the answer can be trusted.')
    .version(version, '-V, --version', 'print the version and end')
    .helpOption('-h, --help', 'print this help and end')
    .helpCommand('help [command]', 'print the help of a command')
    .usage('<command> [options]')
    .addHelpText('after', exitCodes);
  for (const one of commands) {
    const command = program.command(one.name);
    settle(command);
    command.helpOption('-h, --help', 'print this help and end');
    one.describe(command);
    command.action(async () => {
      const interruption = catchInterrupts();
      try {
        finish(await one.run(command.args, command.opts(), { signal: interruption.signal }));
      } catch (error) {
        // Whatever the work throws while it is being stopped, the signal is why.
        throw interruption.signal.aborted ? interruption.signal.reason : error;
      } finally {
        interruption.release();
      }
    });
  }
  return program;
}

/** Errors of commander's own become one line with our prefix, and exceptions instead of process.exit. */
function settle(command: Command): void {
  command
    .exitOverride()
    .allowExcessArguments(false)
    .showSuggestionAfterError(true)
    .configureHelp({ sortOptions: false, helpWidth: Math.min(process.stdout.columns || 100, 100) })
    .configureOutput({
      outputError: (text) => {
        const name = command.parent ? `${command.parent.name()} ${command.name()}` : command.name();
        const suggestion = /\n\(Did you mean (.*)\?\)/s.exec(text);
        const message = oneLine(text.replace(/^error: /, '').replace(/\n\(Did you mean .*/s, ''));
        const sentence = `${message.charAt(0).toUpperCase()}${message.slice(1)}`.replace(/\.?$/, '.');
        const advice = suggestion ? `Did you mean ${suggestion[1] ?? ''}?` : `See "${name} --help".`;
        writeError(`${sentence} ${advice}`);
      },
    });
}

function knownCommands(): string {
  return `Commands: ${commands.map(({ name }) => name).join(', ')}.`;
}

function writeError(line: string): void {
  process.stderr.write(`lowrank: ${oneLine(line)}\n`);
}
