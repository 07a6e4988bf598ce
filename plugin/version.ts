import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of this package, from the package.json beside its build, or beside its sources. */
export const VERSION = versionIn(import.meta.dirname);

function versionIn(directory: string): string {
  for (const above of ['..', '../..']) {
    try {
      const json: unknown = JSON.parse(readFileSync(join(directory, above, 'package.json'), 'utf8'));
      if (typeof json === 'object' && json !== null && 'version' in json) return String(json.version);
    } catch {
      // It is one directory further up.
    }
  }
  return 'unknown';
}
