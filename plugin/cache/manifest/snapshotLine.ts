import type { ManifestEntry } from '../../protocol.ts';
import { parseEntry } from './manifestEntry.ts';

/** One entry of a snapshot: `"<key>":{…}`. */
export function formatLine(entry: ManifestEntry): string {
  return `${JSON.stringify(entry.s3_url)}:${JSON.stringify(entry)}`;
}

/** The entry on a line of a snapshot, if it is one. */
export function parseLine(line: string): ManifestEntry | undefined {
  // The key is in the entry, too; parsed as the name of a property it would cost as much again.
  const start = line.indexOf('":{') + 2;
  const end = line.endsWith(',') ? -1 : line.length;
  try {
    return parseEntry(JSON.parse(line.slice(start, end)));
  } catch {
    return undefined;
  }
}
