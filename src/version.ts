/** The version of this package, read from the package.json beside `src/` or `dist/`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const version: string = (
  JSON.parse(readFileSync(join(__dirname, '..', 'package.json'), 'utf8')) as { version: string }
).version;
