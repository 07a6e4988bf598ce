import { ByteReader } from './byteReader.ts';
import { readOrientation } from './exif.ts';
import { orientedSize, type ImageInfo } from './imageInfo.ts';

// ITU-T T.81, table B.1
const TEM = 0x01;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DNL = 0xdc;
const APP1 = 0xe1;

interface Walk {
  /** Where the image ends: behind its EOI. */
  end: number;
  width: number;
  height: number;
  scans: number;
  orientation: number;
}

/**
 * Walks the segments to the EOI of the image itself; an EOI in an EXIF thumbnail lies within a segment and is stepped
 * over. What follows the EOI: more JPEGs (the second picture of MPF, CIPA DC-007; the gain map of Ultra HDR) must be
 * whole as well. Limit: padding and vendor data (Samsung trailers, the MP4 of a motion photo) cannot be proven, nor
 * can it be seen that a second picture is missing altogether; the first one, which is what is shown, is whole then.
 */
export function inspectJpeg(bytes: Uint8Array): ImageInfo {
  const reader = new ByteReader(bytes, 'JPEG');
  const image = walkImage(reader, 0);
  if (image.width === 0 || image.height === 0) throw reader.damaged('no frame header gives its size');
  if (image.scans === 0) throw reader.damaged('it has no scan');
  walkTail(reader, image.end);
  return {
    contentType: 'image/jpeg',
    extension: 'jpg',
    ...orientedSize(image.width, image.height, image.orientation),
  };
}

function walkImage(reader: ByteReader, start: number): Walk {
  const walk: Walk = { end: 0, width: 0, height: 0, scans: 0, orientation: 1 };
  let at = start + 2;
  for (;;) {
    at = nextMarker(reader, at);
    const marker = reader.u8(at++);
    if (marker === EOI) return { ...walk, end: at };
    if (marker === SOI) throw reader.damaged('an image begins within the image');
    if (marker === TEM) continue;
    const length = reader.u16(at);
    if (length < 2) throw reader.damaged('a segment is shorter than its own length field');
    reader.need(at, length);
    readSegment(reader, at, marker, walk);
    at += length;
  }
}

/** `at` is where the segment's length is. */
function readSegment(reader: ByteReader, at: number, marker: number, walk: Walk): void {
  if (marker === SOS) walk.scans++;
  if (isFrameHeader(marker) && walk.width === 0) {
    walk.height = reader.u16(at + 3);
    walk.width = reader.u16(at + 5);
  }
  // T.81 B.2.5: a height of 0 is given after the first scan.
  if (marker === DNL && walk.height === 0) walk.height = reader.u16(at + 2);
  if (marker === APP1 && walk.orientation === 1) walk.orientation = exifOrientation(reader, at);
}

/** Other APP1 segments hold XMP. */
function exifOrientation(reader: ByteReader, at: number): number {
  const segment = reader.slice(at + 2, reader.u16(at) - 2);
  return segment.length > 6 && reader.text(at + 2, 4) === 'Exif' ? readOrientation(segment) : 1;
}

/**
 * Index of the next marker's code. Steps over entropy-coded data (in which 0xFF is followed by 0x00 or is a restart
 * marker), fill bytes, and stray bytes between segments, which libjpeg forgives too.
 */
function nextMarker(reader: ByteReader, from: number): number {
  for (let at = reader.bytes.indexOf(0xff, from); at !== -1; at = reader.bytes.indexOf(0xff, at + 1)) {
    const code = reader.u8(at + 1);
    const isRestart = code >= 0xd0 && code <= 0xd7;
    if (code !== 0x00 && code !== 0xff && !isRestart) return at + 1;
  }
  throw reader.truncated();
}

/** SOF0 to SOF15, among which DHT, JPG and DAC have their codes. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function walkTail(reader: ByteReader, end: number): void {
  let at = end;
  while (at < reader.length) {
    while (reader.bytes[at] === 0) at++;
    const [first, second = SOI] = reader.bytes.subarray(at, at + 2);
    if (first !== 0xff || second !== SOI) return;
    at = walkImage(reader, at).end;
  }
}
