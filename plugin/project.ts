import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ResolvedOptions } from './options.ts';

/**
 * Which app uploads are of, so that the pictures that one has kept in a browser are not sent to another one at the same address.
 * @param root of the project
 * @param from where pages come from: Vite's dev server shares `localhost:5173` with every other project, and copies of one have one name
 */
export function projectOf(
  { project }: NonNullable<ResolvedOptions['uploads']>,
  root: string,
  from: 'dev' | 'build',
): string {
  if (project !== undefined) return project;
  const directory = resolve(root);
  // It is sent as a header.
  const name = (nearestName(directory) ?? basename(directory)).replace(/[^\x21-\x7e]/g, '-').slice(0, 80);
  if (from === 'build') return name;
  return `${name}-${createHash('sha256').update(directory.replaceAll('\\', '/')).digest('hex').slice(0, 8)}`;
}

/** The `name` of the nearest package.json that has one. */
function nearestName(directory: string): string | undefined {
  for (let at = directory; ; at = dirname(at)) {
    const name = nameIn(join(at, 'package.json'));
    if (name !== undefined || at === dirname(at)) return name;
  }
}

function nameIn(file: string): string | undefined {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const name = typeof json === 'object' && json !== null && 'name' in json ? json.name : undefined;
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined; // there is none, or it is being written
  }
}
