/** What the addon was built from and runs on. */
import { native } from './load';
import type { NativeBuildInfo } from './native';

export type BuildInfo = NativeBuildInfo;

/**
 * Compiler, OpenBLAS and its core type, the widest kernels this CPU runs, the memory held by all native buffers of the
 * process, and the names of the methods and of the columns that a run can record.
 */
export function buildInfo(): BuildInfo {
  return native.buildInfo();
}
