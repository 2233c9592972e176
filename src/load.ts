/** Loads the native addon. The only file that knows where it lies; `bindings` is called here and nowhere else. */
import path from 'node:path';

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
  try {
    // Without module_root `bindings` guesses it from the call stack, which test runners and bundlers change.
    return bindings({ bindings: 'lowrank', module_root: packageRoot }) as NativeAddon;
  } catch (error) {
    throw new LowrankError('ADDON', explain(error), { cause: error });
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
