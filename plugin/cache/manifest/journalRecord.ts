import { hash } from 'node:crypto';
import type { ImageMeta, ManifestEntry } from '../../protocol.ts';
import { parseRecord } from './parseRecord.ts';

/** A change of the manifest. Each carries all it needs, so that applying one twice changes nothing. */
export type ManifestChange =
  | { op: 'put'; entry: ManifestEntry }
  /** A file that lay there without an entry; a `put` that came before it stays. */
  | { op: 'adopt'; entry: ManifestEntry }
  /** One more actor uses the image. */
  | { op: 'claim'; key: string; actor: string }
  /** The origin said that the object is still the one with this digest, and what its ETag is. */
  | { op: 'validate'; key: string; sha256: string; etag: string; at: number }
  /** The object changed: this takes the place of the entry with that digest, for all who use it, if it is still there. */
  | { op: 'replace'; entry: ManifestEntry; sha256: string }
  /** Thumbhashes that were made of images with these digests. */
  | { op: 'placeholder'; images: readonly { key: string; sha256: string; placeholder: string }[] }
  /** The app's own fields of an image; `{}` for none. */
  | { op: 'meta'; key: string; meta: ImageMeta }
  | { op: 'delete'; keys: readonly string[]; reason: 'invalidated' | 'evicted' | 'missing' }
  /** Every image, or those that only this actor uses. */
  | { op: 'clear'; actor?: string }
  /** Never to be evicted: one image, or all that the actor has and will have. */
  | { op: 'pin'; target: PinTarget; pinned: boolean }
  /** These were served so many milliseconds before this time. */
  | { op: 'use'; keys: readonly string[]; ages?: readonly number[]; at: number };

export type PinTarget = { key: string } | { actor: string };

/** A change as it is written; the id lets a writer know its own when it reads them back. */
export type JournalRecord = ManifestChange & { id: string };

const CHECKSUM_LENGTH = 16;
const NEWLINE = 0x0a;

function checksum(json: string): string {
  return hash('sha1', json).slice(0, CHECKSUM_LENGTH);
}

/**
 * One record on disk: newline, checksum, tab, JSON, newline. The newline in front keeps a record whole that follows
 * the torn end of another, left by a process that was killed while it wrote.
 */
export function encodeRecord(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `\n${checksum(json)}\t${json}\n`;
}

export interface DecodedRecords {
  records: JournalRecord[];
  /** Bytes up to and including the last newline; what follows may still be being written. */
  consumed: number;
  /** Lines whose checksum is wrong, or that are nothing we write. */
  damaged: number;
}

export function decodeRecords(bytes: Buffer): DecodedRecords {
  const consumed = bytes.lastIndexOf(NEWLINE) + 1;
  const records: JournalRecord[] = [];
  let damaged = 0;
  for (const line of bytes.toString('utf8', 0, consumed).split('\n')) {
    if (line === '') continue;
    const record = decodeLine(line);
    if (record === undefined) damaged += 1;
    else records.push(record);
  }
  return { records, consumed, damaged };
}

function decodeLine(line: string): JournalRecord | undefined {
  const json = line.slice(CHECKSUM_LENGTH + 1);
  if (line[CHECKSUM_LENGTH] !== '\t' || checksum(json) !== line.slice(0, CHECKSUM_LENGTH)) return undefined;
  return parseRecord(json);
}
