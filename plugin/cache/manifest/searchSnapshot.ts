import type { FileHandle } from 'node:fs/promises';
import type { ManifestEntry } from '../../protocol.ts';
import { keyHashOfPath } from './keyOrder.ts';
import { parseLine } from './snapshotLine.ts';

/** Bytes to read at a time: room for several lines. A longer line is not found here, and waits until the snapshot has been read. */
const BLOCK_BYTES = 16_384;
const NEWLINE = 0x0a;

/**
 * Finds the entries with a key hash in a snapshot without reading all of it: a binary search over its lines, some twenty
 * small reads in a file of a million entries. In a file that is sorted otherwise it may find too little, but nothing wrong.
 */
export async function searchSnapshot(file: FileHandle, keyHash: string): Promise<ManifestEntry[]> {
  // The first line that begins after `start` is smaller than the key hash; the first one after `end` is not.
  let start = 0;
  let end = (await file.stat()).size;
  while (end - start > BLOCK_BYTES) {
    const middle = start + Math.floor((end - start) / 2);
    const found = await firstHashAt(file, middle);
    if (found !== undefined && found < keyHash) start = middle;
    else end = middle;
  }
  const near = (await linesAt(file, start, end - start + BLOCK_BYTES)).map(parseLine);
  return near.filter((entry) => entry !== undefined).filter((entry) => keyHashOfPath(entry.local_path) === keyHash);
}

async function firstHashAt(file: FileHandle, position: number): Promise<string | undefined> {
  for (const line of await linesAt(file, position, BLOCK_BYTES)) {
    const entry = parseLine(line);
    if (entry !== undefined) return keyHashOfPath(entry.local_path);
  }
  return undefined;
}

/** The complete lines in a block of the file. */
async function linesAt(file: FileHandle, position: number, length: number): Promise<string[]> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
  const block = buffer.subarray(0, bytesRead);
  const first = block.indexOf(NEWLINE) + 1;
  const last = block.lastIndexOf(NEWLINE);
  return last <= first ? [] : block.toString('utf8', first, last).split('\n');
}
