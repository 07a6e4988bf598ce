import { isDibHeader, readDib, rowLength } from './bmp.ts';
import { ByteReader } from './byteReader.ts';
import { createFacts, type Facts } from './facts.ts';
import { hasMagic } from './hasMagic.ts';
import { PNG_SIGNATURE, walkChunks } from './png.ts';

const HEADER = 6;
const ENTRY = 16;
/** A picture with this many bits has its transparency in its pixels, so the mask after them may be missing. */
const BITS_WITH_ALPHA = 32;

interface Picture {
  at: number;
  /** Bytes according to the directory. */
  length: number;
  isPng: boolean;
}

/**
 * Reads ICO and CUR. Every picture in the directory must be present, and as long as the directory says and as the picture itself
 * needs. The size is that of the largest picture in the directory, as in browsers.
 */
export function walkIco(bytes: Uint8Array, facts: Facts): void {
  const reader = new ByteReader(bytes, 'ICO', { littleEndian: true });
  facts.contentType = 'image/x-icon';
  const count = reader.u16(4);
  if (count === 0) throw reader.damaged('it has no picture');
  reader.spendParts(count);
  const pictures = Array.from({ length: count }, (_, index) => readEntry(reader, HEADER + ENTRY * index, facts));
  for (const picture of pictures) needPicture(reader, picture);
}

function readEntry(reader: ByteReader, entry: number, facts: Facts): Picture {
  reader.need(entry, ENTRY);
  const length = reader.u32(entry + 8);
  const at = reader.u32(entry + 12);
  const isPng = hasMagic(reader.slice(at, 4), '\x89PNG');
  if (!isPng && !isDibHeader(reader.bytes, at)) throw reader.damaged('a picture is neither a bitmap nor a PNG');
  // A byte cannot contain 256, so 0 means 256.
  const size = { width: reader.u8(entry) || 256, height: reader.u8(entry + 1) || 256 };
  if (size.width * size.height > (facts.width ?? 0) * (facts.height ?? 0)) Object.assign(facts, size);
  facts.isRecognized = true;
  return { at, length, isPng };
}

function needPicture(reader: ByteReader, { at, length, isPng }: Picture): void {
  reader.need(at, length);
  if (isPng) {
    if (reader.text(at, PNG_SIGNATURE.length) !== PNG_SIGNATURE) throw reader.damaged('a picture is not a PNG');
    return walkChunks(reader.fileFrom(at, 'ICO'), createFacts());
  }
  const { header, width, height, bitsPerPixel, pixels } = readDib(reader, at);
  // The height includes the mask, whose rows come after those of the colours.
  const mask = bitsPerPixel < BITS_WITH_ALPHA ? rowLength(width, 1) * (height / 2) : 0;
  reader.need(at, header + (pixels ?? 0) / 2 + mask);
}
