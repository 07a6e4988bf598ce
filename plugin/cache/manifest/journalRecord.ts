import { hash } from 'node:crypto';
import type { JournalRecord } from './manifestChange.ts';
import { parseRecord } from './parseRecord.ts';

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

export interface DecodedRecord {
  record: JournalRecord;
  /** The first byte of its line. */
  start: number;
}

export interface DecodedRecords {
  records: DecodedRecord[];
  /** Bytes up to and including the last newline; what follows may still be being written. */
  consumed: number;
  /** Lines whose checksum is wrong, or that are nothing we write. */
  damaged: number;
}

export function decodeRecords(bytes: Buffer): DecodedRecords {
  const consumed = bytes.lastIndexOf(NEWLINE) + 1;
  const records: DecodedRecord[] = [];
  let damaged = 0;
  for (let start = 0, end = 0; start < consumed; start = end + 1) {
    end = bytes.indexOf(NEWLINE, start);
    if (end === start) continue;
    const record = decodeLine(bytes.toString('utf8', start, end));
    if (record === undefined) damaged += 1;
    else records.push({ record, start });
  }
  return { records, consumed, damaged };
}

function decodeLine(line: string): JournalRecord | undefined {
  const json = line.slice(CHECKSUM_LENGTH + 1);
  if (line[CHECKSUM_LENGTH] !== '\t' || checksum(json) !== line.slice(0, CHECKSUM_LENGTH)) return undefined;
  return parseRecord(json);
}
