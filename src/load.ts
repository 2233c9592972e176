/** Loads the native addon. The only file that knows where it lies; `bindings` is called here and nowhere else. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';

import bindings from 'bindings';

import { LowrankError } from './errors';
import type { NativeAddon } from './native';

/** Node-API level that binding.gyp builds for. */
const builtForNodeApi = 9;
/** The same folder from src/ (ts-node, Jest) and from dist/. */
const packageRoot = path.join(__dirname, '..');

function load(): NativeAddon {
  // An addon for a later Node-API may crash instead of failing, so this is asked before it is loaded.
  const nodeApi = Number(process.versions['napi']);
  if (!(nodeApi >= builtForNodeApi)) {
    throw new LowrankError(
      'ADDON',
      `lowrank needs Node-API ${builtForNodeApi}, but this is Node ${process.versions.node} with Node-API ` +
        `${process.versions['napi']}. To mend it: install Node 20.17 or later.`,
    );
  }
  // OpenBLAS reads it once, while it is loaded: parallelism is ours, and one thread gives the same bits everywhere.
  process.env['OPENBLAS_NUM_THREADS'] ??= '1';
  pinCoreType();
  try {
    // Without module_root `bindings` guesses it from the call stack, which test runners and bundlers change.
    return bindings({ bindings: 'lowrank', module_root: packageRoot }) as NativeAddon;
  } catch (error) {
    throw new LowrankError('ADDON', explain(error), { cause: error });
  }
}

/**
 * OpenBLAS picks its kernels by the processor, and each set rounds differently. Unless the user chose one, every machine
 * with AVX2 uses the Haswell set: the same bits on all of them, and no part in what other sets got wrong (OpenBLAS #2986,
 * #3454). Like the thread count it is read while OpenBLAS is loaded; a worker's environment is a copy that OpenBLAS never
 * sees, so a program that first loads lowrank in a worker sets OPENBLAS_CORETYPE itself. `buildInfo()` tells the outcome.
 */
function pinCoreType(): void {
  if (!isMainThread || process.platform !== 'linux' || process.arch !== 'x64') return;
  if (process.env['OPENBLAS_CORETYPE'] === undefined && hasAvx2()) process.env['OPENBLAS_CORETYPE'] = 'Haswell';
}

function hasAvx2(): boolean {
  try {
    return /^flags\s*:.*\bavx2\b/m.test(readFileSync('/proc/cpuinfo', 'latin1'));
  } catch {
    return false;
  }
}

function explain(error: unknown): string {
  const { message, tries } = error as { message?: unknown; tries?: unknown };
  const text = typeof message === 'string' ? message : String(error);
  const lines = [
    `The native addon of lowrank could not be loaded (${process.platform} ${process.arch}, Node ` +
      `${process.versions.node}, Node-API ${process.versions['napi']}).`,
  ];
  if (Array.isArray(tries)) {
    lines.push('It was in none of these places:', ...tries.map((candidate) => `  ${String(candidate)}`));
  } else {
    lines.push(text);
  }
  lines.push(`To mend it: ${remedy(text, Array.isArray(tries))}`);
  return lines.join('\n');
}

function remedy(text: string, missing: boolean): string {
  const rebuild = `node ${JSON.stringify(path.join(packageRoot, 'scripts', 'build-native.js'))}`;
  if (missing) return rebuild;
  if (/libopenblas/i.test(text)) {
    return process.platform === 'darwin' ? 'brew install openblas' : 'apt-get install libopenblas0';
  }
  if (/GLIBC|invalid ELF|wrong ELF|mach-o|incompatible architecture|NODE_MODULE_VERSION/i.test(text)) {
    return `${rebuild}   (it was built on or for another machine)`;
  }
  return rebuild;
}

export const native: NativeAddon = load();
