import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { InspectedFile } from '../../inspectorProtocol.ts';
import type { Discovery } from '../discovery/discovery.ts';
import { QUARANTINED_NAME, QUARANTINE_DIR } from '../files/layout.ts';
import { listFolder } from '../files/ownFolders.ts';

/** Image files without an entry, as the last scan has found them. */
export function* unclaimedFiles(discovery: Discovery, prefix: string): Generator<InspectedFile> {
  for (const { path, size, ctimeMs } of discovery.unclaimed.files()) {
    yield { path: prefix + path, size_bytes: size, modified_at: Math.round(ctimeMs) };
  }
}

/** Damaged files that were put aside: at most some dozens. */
export async function quarantinedFiles(dir: string, prefix: string): Promise<InspectedFile[]> {
  const names = (await listFolder(dir, QUARANTINE_DIR).catch(() => [])).filter((name) => QUARANTINED_NAME.test(name));
  const files = names.map(async (name): Promise<InspectedFile | undefined> => {
    const stats = await lstat(join(dir, QUARANTINE_DIR, name)).catch(() => undefined);
    if (stats?.isFile() !== true) return undefined;
    return {
      path: `${prefix}${QUARANTINE_DIR}/${name}`,
      size_bytes: stats.size,
      modified_at: Math.round(stats.mtimeMs),
    };
  });
  return (await Promise.all(files)).filter((file) => file !== undefined);
}
