/** `lowrank doctor`: what this installation consists of, and whether it computes correctly. Works without the addon. */
import { cpus, availableParallelism, freemem, totalmem } from 'node:os';
import type { Command } from 'commander';

import { formatBytes } from '../../figures/format';
import { version } from '../../version';
import type { CliCommand } from '../command';
import { ExitCode, oneLine } from '../exit';
import { type Check, inspectAddon } from '../self-check';
import { coloured, wrap, writeJson } from '../table';

const notes = `
Exit code 0 means that every line is ok, 1 that one has failed. A failed line says how to mend it.
`;

function describe(command: Command): void {
  command
    .summary('describe and check this installation')
    .description(
      'Prints what this installation runs on (Node, addon, OpenBLAS, processor, memory) and checks in about a second ' +
        'that it computes correctly.',
    )
    .option('--json', 'print one JSON document instead of the lines')
    .addHelpText('after', notes);
}

async function run(options: { readonly json?: boolean }): Promise<number> {
  const checks: Check[] = [node(), machine(), memory(), ...(await inspectAddon())];
  const ok = checks.every((check) => check.ok);
  if (options.json) {
    writeJson({ ok, lowrank: version, checks });
    return ok ? ExitCode.ok : ExitCode.notAccepted;
  }
  const width = Math.max(...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(8 + width + 2);
  for (const check of checks) {
    const mark = check.ok ? coloured('ok    ', 32, process.stdout) : coloured('FAILED', 31, process.stdout);
    const text = wrap(oneLine(check.detail), 100 - indent.length).replaceAll('\n', `\n${indent}`);
    process.stdout.write(`${mark}  ${check.name.padEnd(width)}  ${text}\n`);
  }
  return ok ? ExitCode.ok : ExitCode.notAccepted;
}

function node(): Check {
  const { versions, platform, arch } = process;
  return {
    name: 'Node',
    ok: true,
    detail: `${versions.node} on ${platform} ${arch}, Node-API ${versions['napi'] ?? '?'}; lowrank ${version}`,
    values: { node: versions.node, platform, arch, napi: Number(versions['napi'] ?? 0) },
  };
}

function machine(): Check {
  const list = cpus();
  const threads = availableParallelism();
  const model = (list[0]?.model ?? 'unknown processor').trim();
  return {
    name: 'processor',
    ok: true,
    detail: `${model}, ${threads} hardware thread${threads === 1 ? '' : 's'} for this process`,
    values: { model, hardwareThreads: threads },
  };
}

function memory(): Check {
  const limit = process.constrainedMemory();
  const limited = limit > 0 && limit < totalmem();
  return {
    name: 'memory',
    ok: true,
    detail: `${formatBytes(totalmem())}, ${formatBytes(freemem())} free${limited ? `, limited to ${formatBytes(limit)}` : ''}`,
    values: { totalBytes: totalmem(), freeBytes: freemem(), ...(limited && { limitBytes: limit }) },
  };
}

export const doctor: CliCommand = {
  name: 'doctor',
  describe,
  run: (_args, options) => run(options),
};
