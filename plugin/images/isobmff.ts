import { ByteReader } from './byteReader.ts';

/** A box of ISO/IEC 14496-12. */
export interface Box {
  type: string;
  /** The index of the content, after the header; `length` is that of the content. */
  at: number;
  length: number;
  /** True if its size is given as 0, which means "to the end of the file": then its real end is unknown. */
  openEnded: boolean;
}

/**
 * Yields the boxes that fill a reader, and throws at an incomplete one. It does not notice a cut exactly between two boxes of a
 * file: the caller must know which boxes are needed.
 */
export function* eachBox(reader: ByteReader, from = 0): Generator<Box, void> {
  for (let at = from; at < reader.length;) {
    reader.spendParts(1);
    const box = readBox(reader, at);
    yield box;
    at = box.at + box.length;
  }
}

/** All boxes that fill a reader. They must be complete. */
export function readBoxes(reader: ByteReader, from = 0): Box[] {
  return [...eachBox(reader, from)];
}

function readBox(reader: ByteReader, start: number): Box {
  const size = reader.u32(start);
  const type = reader.text(start + 4, 4);
  if (size === 0) return { type, at: start + 8, length: reader.length - start - 8, openEnded: true };
  const header = size === 1 ? 16 : 8;
  const total = size === 1 ? reader.u64(start + 8) : size;
  if (total < header) throw reader.damaged('a box is shorter than its own header');
  reader.need(start, total);
  return { type, at: start + header, length: total - header, openEnded: false };
}

/** The content of the first box of a type. */
export function findBox(reader: ByteReader, boxes: readonly Box[], type: string): ByteReader | undefined {
  const box = boxes.find((it) => it.type === type);
  return box && reader.part(box.at, box.length);
}

/** The box at the end of a path of types, e.g. `['mdia', 'minf']`, where each box is within the one before. */
export function findNested(reader: ByteReader, path: readonly string[]): ByteReader | undefined {
  let inner: ByteReader | undefined = reader;
  for (const type of path) inner = inner && findBox(inner, readBoxes(inner), type);
  return inner;
}

/**
 * The brands of a file, the major one first; none if the file does not begin with an `ftyp` box. The size of the box must be
 * plausible: the text `<!--ftypavif-->` also has these words at the right place, but would be a box of a gigabyte.
 */
export function readBrands(bytes: Uint8Array): string[] {
  const reader = new ByteReader(bytes, 'HEIF');
  if (bytes.length < 16 || reader.text(4, 4) !== 'ftyp') return [];
  const size = reader.u32(0);
  if (size < 16 || size > 4096 || size % 4 !== 0) return [];
  const brands = [reader.text(8, 4)];
  for (let at = 16; at + 4 <= Math.min(size, bytes.length); at += 4) brands.push(reader.text(at, 4));
  return brands;
}
