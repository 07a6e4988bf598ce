import { hash } from 'node:crypto';
import type { JournalRecord } from './manifestChange.ts';
import { parseRecord } from './parseRecord.ts';

const CHECKSUM_LENGTH = 16;
const NEWLINE = 0x0a;

function checksum(json: string): string {
  return hash('sha1', json).slice(0, CHECKSUM_LENGTH);
}

/**
 * Formats one record for disk: newline, checksum, tab, JSON, newline. A process that was killed while it wrote leaves a torn
 * record; the leading newline keeps the record behind it readable.
 */
export function encodeRecord(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `\n${checksum(json)}\t${json}\n`;
}

export interface DecodedRecord {
  record: JournalRecord;
  /** Position of the first byte of the record's line. */
  start: number;
}

export interface DecodedRecords {
  records: DecodedRecord[];
  /** Bytes up to and including the last newline. The bytes after it may still be being written. */
  consumed: number;
  /** Lines with a wrong checksum, or in a form that we never write. */
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
