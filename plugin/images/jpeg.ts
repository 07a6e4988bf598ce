import { ByteReader } from './byteReader.ts';
import { readOrientation } from './exif.ts';
import type { Facts } from './facts.ts';

// ITU-T T.81, table B.1
const TEM = 0x01;
const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const DNL = 0xdc;
const APP1 = 0xe1;

/** Bytes between two 0xFF that are cheaper to step over one by one than by a call. */
const NEAR = 32;
/** Between two pictures; more of it is vendor data. */
const MAX_PADDING = 65_536;

interface Picture {
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
export function walkJpeg(bytes: Uint8Array, facts: Facts): void {
  const reader = new ByteReader(bytes, 'JPEG');
  facts.contentType = 'image/jpeg';
  const picture = createPicture();
  const end = walkPicture(reader, 0, picture, () => {
    facts.width = picture.width;
    facts.height = picture.height;
    facts.orientation = picture.orientation;
    facts.isRecognized = picture.scans > 0 && picture.width > 0 && picture.height > 0;
  });
  if (picture.width === 0 || picture.height === 0) throw reader.damaged('no frame header gives its size');
  if (picture.scans === 0) throw reader.damaged('it has no scan');
  walkTail(reader, end);
}

function createPicture(): Picture {
  return { width: 0, height: 0, scans: 0, orientation: 1 };
}

/** Where the picture that begins at `start` ends: behind its EOI. `onSegment` is called when more is known about it. */
function walkPicture(reader: ByteReader, start: number, picture: Picture, onSegment?: () => void): number {
  let at = start + 2;
  for (;;) {
    at = nextMarker(reader, at);
    reader.spendParts(1);
    const marker = reader.u8(at++);
    if (marker === EOI) return at;
    if (marker === SOI) throw reader.damaged('an image begins within the image');
    if (marker === TEM) continue;
    const length = reader.u16(at);
    if (length < 2) throw reader.damaged('a segment is shorter than its own length field');
    reader.need(at, length);
    readSegment(reader, at, marker, picture);
    onSegment?.();
    at += length;
  }
}

/** `at` is where the segment's length is. */
function readSegment(reader: ByteReader, at: number, marker: number, picture: Picture): void {
  if (marker === SOS) picture.scans++;
  if (isFrameHeader(marker) && picture.width === 0) {
    picture.height = reader.u16(at + 3);
    picture.width = reader.u16(at + 5);
  }
  // T.81 B.2.5: a height of 0 is given after the first scan.
  if (marker === DNL && picture.height === 0) picture.height = reader.u16(at + 2);
  if (marker === APP1 && picture.orientation === 1) picture.orientation = exifOrientation(reader, at);
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
  const { bytes } = reader;
  for (let at = indexOfFF(bytes, from); at !== -1; at = indexOfFF(bytes, at + 1)) {
    reader.spend(1);
    const code = bytes[at + 1];
    if (code === undefined) break;
    const isRestart = code >= 0xd0 && code <= 0xd7;
    if (code !== 0x00 && code !== 0xff && !isRestart) return at + 1;
  }
  throw reader.truncated();
}

/** A call for each of many that follow close upon each other would take ten times as long as the bytes between them. */
function indexOfFF(bytes: Uint8Array, from: number): number {
  const near = Math.min(from + NEAR, bytes.length);
  for (let at = from; at < near; at++) if (bytes[at] === 0xff) return at;
  return bytes.indexOf(0xff, near);
}

/** SOF0 to SOF15, among which DHT, JPG and DAC have their codes. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function walkTail(reader: ByteReader, end: number): void {
  const { bytes } = reader;
  for (let at = end; at < bytes.length;) {
    const limit = at + MAX_PADDING;
    while (bytes[at] === 0 && at < limit) at++;
    const [first, second = SOI] = bytes.subarray(at, at + 2);
    if (first !== 0xff || second !== SOI) return;
    at = walkPicture(reader, at, createPicture());
  }
}
