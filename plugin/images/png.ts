import { crc32 } from 'node:zlib';
import { ByteReader } from './byteReader.ts';
import { readOrientation } from './exif.ts';
import type { Facts } from './facts.ts';

export const PNG_SIGNATURE = '\x89PNG\r\n\x1a\n';
/** Length, type and CRC. */
const CHUNK_OVERHEAD = 12;
/** IHDR, the first chunk: the indices of its type and of its content, and the length of the content. */
const HEADER = { type: PNG_SIGNATURE.length + 4, content: PNG_SIGNATURE.length + 8, length: 13 };

/**
 * Reads the chunks from IHDR to IEND (PNG, third edition, section 5), also of APNG, whose frames are before IEND, too. Bytes after
 * IEND are accepted, because every decoder ignores them: such a file is served as `image/png`, whatever these bytes look like. Only
 * the CRC of IHDR is checked, because no browser shows an image if it is wrong. A bit flip elsewhere is not a cut, and the digest
 * of the cache notices later ones.
 */
export function walkPng(bytes: Uint8Array, facts: Facts): void {
  facts.contentType = 'image/png';
  walkChunks(new ByteReader(bytes, 'PNG'), facts);
}

/** Reads the chunks of a PNG, which may be within another file. */
export function walkChunks(reader: ByteReader, facts: Facts): void {
  if (reader.text(HEADER.type, 4) !== 'IHDR') throw reader.damaged('its first chunk is not IHDR');
  const header = reader.part(HEADER.content, HEADER.length);
  facts.width = header.u32(0);
  facts.height = header.u32(4);

  const colours: ColourChunks = { hasCodePoints: false, hasProfile: false, hasOthers: false };
  for (let at = PNG_SIGNATURE.length; ;) {
    reader.spendParts(1);
    const length = reader.u32(at);
    const type = reader.text(at + 4, 4);
    if (!isName(reader.u32(at + 4))) throw reader.damaged('a chunk has no name');
    if (type === 'IDAT') facts.isRecognized = true;
    reader.need(at, length + CHUNK_OVERHEAD);
    if (type === 'IEND') break;
    if (type === 'acTL') facts.frames = reader.part(at + 8, length).u32(0);
    // After the pixels, browsers ignore both kinds of chunk.
    if (!facts.isRecognized) {
      if (type === 'eXIf' && facts.orientation === 1) facts.orientation = readOrientation(reader.slice(at + 8, length));
      if (COLOUR_CHUNKS.has(type)) noteColours(reader.part(at + 8, length), type, colours);
      facts.hasOwnColours = colours.hasCodePoints || (colours.hasOthers && !colours.hasProfile);
    }
    at += length + CHUNK_OVERHEAD;
  }
  if (!facts.isRecognized) throw reader.damaged('it has no pixels');
  const { type, content, length } = HEADER;
  if (crc32(reader.slice(type, 4 + length)) !== reader.u32(content + length)) {
    throw reader.damaged('the checksum of its header is wrong');
  }
}

/** Whether the number consists of four ASCII letters. */
function isName(name: number): boolean {
  for (let shift = 0; shift < 32; shift += 8) {
    const letter = (name >>> shift) & 0xdf; // as a capital
    if (letter < 0x41 || letter > 0x5a) return false;
  }
  return true;
}

const COLOUR_CHUNKS = new Set(['cICP', 'iCCP', 'sRGB', 'gAMA', 'cHRM']);

/** Which chunks about colours there are. Each takes precedence over those below it (PNG, third edition, 4.3). */
interface ColourChunks {
  /** `cICP` */
  hasCodePoints: boolean;
  /** `iCCP`, or `sRGB`, which is short for one. */
  hasProfile: boolean;
  /** `gAMA` or `cHRM` that are not those of sRGB. */
  hasOthers: boolean;
}

/** The values of `gAMA` and `cHRM` for sRGB (PNG, third edition, 11.3.2), in hundred thousandths. */
const SRGB_GAMMA = 45_455;
const SRGB_POINTS = [31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000];
/** Tolerance, because encoders round differently. */
const ROUNDING = 100;

function noteColours(chunk: ByteReader, type: string, colours: ColourChunks): void {
  if (type === 'cICP') colours.hasCodePoints = true;
  if (type === 'iCCP' || type === 'sRGB') colours.hasProfile = true;
  if (type === 'gAMA') colours.hasOthers ||= Math.abs(chunk.u32(0) - SRGB_GAMMA) > ROUNDING;
  if (type === 'cHRM') {
    colours.hasOthers ||= SRGB_POINTS.some((point, index) => Math.abs(chunk.u32(4 * index) - point) > ROUNDING);
  }
}
