/** Files: NumPy's .npy and .npz, problems and results in them, and writing that is never seen half done. */
export { writeAtomically, writeFileAtomic } from './atomic';
export { encodeNpy, parseNpy, type NpyArray, type NpyData, type NpyDataByKind } from './npy';
export type { NpyKind } from './npy-header';
export { NpzFile, openNpz, type ChunkOptions, type NpyChunk, type NpzArrayInfo } from './npz';
export { writeNpz, type NpzInput, type WriteNpzOptions } from './npz-write';
export {
  describeProblemFile,
  problemForm,
  writeProblemFile,
  type MeasurementChunk,
  type ProblemFile,
  type ProblemFileContent,
  type ProblemForm,
} from './problem-file';
export { MAX_ESTIMATE_ENTRIES, writeResultFile, type ResultFileContent } from './result-file';
export type { ZipLimits } from './zip-directory';
