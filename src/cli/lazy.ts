/** The one place where a module is loaded late. */
export type Engine = typeof import('./engine');

/** @throws LowrankError ADDON when the native addon cannot be loaded */
export function loadEngine(): Engine {
  // A dynamic import() would need the name of the compiled file, which is another one under ts-node.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('./engine') as Engine;
}
