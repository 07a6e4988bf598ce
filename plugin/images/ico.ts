import { isDibHeader } from './bmp.ts';
import { ByteReader } from './byteReader.ts';
import type { ImageInfo } from './imageInfo.ts';
import { hasMagic } from './magic.ts';
import { PNG_SIGNATURE } from './png.ts';

const HEADER = 6;
const ENTRY = 16;

/** ICO and CUR: every picture that the directory lists must be there. The size is that of the largest one. */
export function inspectIco(bytes: Uint8Array): ImageInfo {
  const reader = new ByteReader(bytes, 'ICO', { littleEndian: true });
  const count = reader.u16(4);
  if (count === 0) throw reader.damaged('it has no picture');
  let width = 0;
  let height = 0;
  for (let i = 0; i < count; i++) {
    const size = readEntry(reader, HEADER + ENTRY * i);
    if (size.width * size.height <= width * height) continue;
    ({ width, height } = size);
  }
  return { contentType: 'image/x-icon', extension: 'ico', width, height };
}

function readEntry(reader: ByteReader, entry: number): { width: number; height: number } {
  const length = reader.u32(entry + 8);
  const at = reader.u32(entry + 12);
  const picture = reader.slice(at, length);
  if (length >= 24 && hasMagic(picture, PNG_SIGNATURE)) {
    const header = new DataView(picture.buffer, picture.byteOffset + 16, 8);
    return { width: header.getUint32(0), height: header.getUint32(4) };
  }
  if (!isDibHeader(picture, 0)) throw reader.damaged('a picture is neither a bitmap nor a PNG');
  // A byte holds no 256, so that 0 stands for it.
  return { width: reader.u8(entry) || 256, height: reader.u8(entry + 1) || 256 };
}
