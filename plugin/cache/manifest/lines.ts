import type { FileHandle } from 'node:fs/promises';

const READ_BYTES = 1 << 18;
const NEWLINE = 0x0a;
/** An entry takes a thousandth of this. All pinned actors share one line. */
const MAX_LINE_BYTES = 16 << 20;

/** Thrown for a file that is not made of lines, or not of lines that we write. */
export class LineTooLongError extends Error {
  override readonly name = 'LineTooLongError';
}

/**
 * Yields the lines of a file in batches, one batch a read: yielding a million lines one by one takes seconds longer.
 * @throws LineTooLongError before a file without line breaks fills the memory (T52)
 */
export async function* readLines(file: FileHandle): AsyncGenerator<string[], void, void> {
  const chunk = Buffer.allocUnsafe(READ_BYTES);
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(chunk, 0, READ_BYTES, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const end = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const text = Buffer.concat([...begun, chunk.subarray(0, end - 1)]).toString('utf8');
      begun = [];
      begunBytes = 0;
      yield text.split('\n');
    }
    if (end === bytesRead) continue;
    begun.push(Buffer.from(chunk.subarray(end, bytesRead)));
    begunBytes += bytesRead - end;
    if (begunBytes > MAX_LINE_BYTES) throw new LineTooLongError('it has a line that is too long');
  }
  if (begun.length > 0) yield [Buffer.concat(begun).toString('utf8')];
}
