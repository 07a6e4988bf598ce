import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EntriesAnswer, InspectedFile } from '../../inspectorProtocol.ts';
import { TimeSlice } from '../../timeSlice.ts';
import type { Discovery } from '../discovery/discovery.ts';
import { QUARANTINED_NAME, QUARANTINE_DIR } from '../files/layout.ts';
import { listFolder } from '../files/ownFolders.ts';

/** Rows of one page. */
export const PAGE = 200;

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

/** One page of files whose path has this text. There may be as many as images, so all of them are looked at in slices. */
export async function pageOfFiles(
  all: Iterable<InspectedFile>,
  text: string,
  page: number,
): Promise<Omit<EntriesAnswer, 'revision' | 'total'>> {
  const wanted = text.toLowerCase();
  const timeSlice = new TimeSlice();
  const files: InspectedFile[] = [];
  let matched = 0;
  let matchedBytes = 0;
  for (const file of all) {
    if (timeSlice.isOver) await timeSlice.yield();
    if (!file.path.toLowerCase().includes(wanted)) continue;
    matched += 1;
    matchedBytes += file.size_bytes;
    if (matched > page * PAGE && files.length < PAGE) files.push(file);
  }
  return { matched, matched_bytes: matchedBytes, reachable: matched, page, entries: [], files };
}
