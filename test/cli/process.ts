/** Runs the command line as a process of its own, the way users meet it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newest(path) : statSync(path).mtimeMs;
    }),
  );
}

/**
 * Arguments for node that start a program of src/cli: the compiled one, which starts faster, unless a source is newer
 * than it; then the source itself, so that no test passes or fails on code of yesterday.
 */
export function programArguments(name = 'main'): string[] {
  const compiled = join(root, 'dist', 'cli', `${name}.js`);
  const built = statSync(compiled, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (built > newest(join(root, 'src'))) return [compiled];
  return ['-r', 'ts-node/register/transpile-only', join(root, 'src', 'cli', `${name}.ts`)];
}

/** For ts-node: which configuration to use from a temporary folder. TypeScript 6 wants the root folder said. */
export const programEnvironment = {
  ...process.env,
  NO_COLOR: '1',
  TS_NODE_PROJECT: join(root, 'tsconfig.json'),
  TS_NODE_COMPILER_OPTIONS: JSON.stringify({ rootDir: root }),
};

export function lowrank(args: readonly string[], cwd: string, started?: (child: ChildProcess) => void): Promise<Ended> {
  return runNode([...programArguments(), ...args], cwd, started);
}

export function runNode(args: readonly string[], cwd: string, started?: (child: ChildProcess) => void): Promise<Ended> {
  // ts-node is found from the project, whatever the working folder.
  const paths = args.map((arg, i) => (args[i - 1] === '-r' ? require.resolve(arg, { paths: [root] }) : arg));
  const child = spawn(process.execPath, paths, { cwd, env: programEnvironment, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  started?.(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** A folder for one test file, removed after its tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lowrank-cli-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
