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

/** Up to this distance, the next 0xFF is found faster byte by byte than by `indexOf`. */
const NEAR = 32;
/** The most bytes of padding between two pictures; if there are more, they are vendor data. */
const MAX_PADDING = 65_536;

interface Picture {
  width: number;
  height: number;
  scans: number;
  orientation: number;
}

/**
 * Reads the segments up to the EOI of the image itself; an EOI in an EXIF thumbnail is within a segment, which is skipped. JPEGs
 * after the EOI (the second picture of MPF, CIPA DC-007; the gain map of Ultra HDR) must be complete, too. Limit: padding and
 * vendor data (Samsung trailers, the MP4 of a motion photo) cannot be checked, and it is not noticed if a second picture is missing
 * altogether; but then the first one, which is shown, is complete.
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

/** The index after the EOI of the picture that begins at `start`. `onSegment` is called after each segment. */
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

/** Reads a segment. `at` is the index of its length. */
function readSegment(reader: ByteReader, at: number, marker: number, picture: Picture): void {
  if (marker === SOS) picture.scans++;
  if (isFrameHeader(marker) && picture.width === 0) {
    picture.height = reader.u16(at + 3);
    picture.width = reader.u16(at + 5);
  }
  // T.81 B.2.5: if the height is 0, the real height comes after the first scan.
  if (marker === DNL && picture.height === 0) picture.height = reader.u16(at + 2);
  if (marker === APP1 && picture.orientation === 1) picture.orientation = exifOrientation(reader, at);
}

/** The orientation from an APP1 segment with EXIF data. Other APP1 segments contain XMP. */
function exifOrientation(reader: ByteReader, at: number): number {
  const segment = reader.slice(at + 2, reader.u16(at) - 2);
  return segment.length > 6 && reader.text(at + 2, 4) === 'Exif' ? readOrientation(segment) : 1;
}

/**
 * The index of the next marker's code. Skips entropy-coded data (in which 0xFF is followed by 0x00 or begins a restart marker),
 * fill bytes, and wrong bytes between segments, which libjpeg ignores, too.
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

/** The index of the next 0xFF. If there are many close together, calling `indexOf` for each would take ten times as long. */
function indexOfFF(bytes: Uint8Array, from: number): number {
  const near = Math.min(from + NEAR, bytes.length);
  for (let at = from; at < near; at++) if (bytes[at] === 0xff) return at;
  return bytes.indexOf(0xff, near);
}

/** Whether the marker is one of SOF0 to SOF15. The codes of DHT, JPG and DAC are in the same range. */
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
