import { viewOf } from './bytes.ts';
import { NotRemovable } from './notRemovable.ts';

const TEM = 0x01;
const SOI = 0xd8;
export const EOI = 0xd9;
export const SOS = 0xda;

/** Bytes that are looked at one by one. */
const NEAR = 32;

export interface Segment {
  /** The second byte of the marker (ITU-T T.81, table B.1). */
  marker: number;
  /** Where the marker is; the content comes four bytes later. */
  start: number;
  /** Beyond the end of the file when it was cut. With a scan comes its entropy-coded data. */
  end: number;
}

/**
 * The segments of the first picture of a file, with its EOI. It also ends where another picture begins before there was
 * an EOI. Stray bytes between segments, which decoders forgive, are part of none.
 */
export function* jpegSegments(bytes: Uint8Array): Generator<Segment, void> {
  const view = viewOf(bytes);
  for (let start = nextMarker(bytes, 2); start < bytes.length;) {
    const marker = view.getUint8(start + 1);
    if (marker === SOI) return;
    let end = start + 2;
    if (marker !== EOI && marker !== TEM) {
      if (end + 2 > bytes.length) return;
      const length = view.getUint16(end);
      if (length < 2) throw new NotRemovable();
      end += length;
    }
    if (marker === SOS) end = nextMarker(bytes, end);
    yield { marker, start, end };
    if (marker === EOI) return;
    start = nextMarker(bytes, end);
  }
}

/** Index of the next marker; the end of the file when there is none. Restart markers and stuffed bytes belong to a scan. */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = indexOfFF(bytes, from); at !== -1 && at + 1 < bytes.length; at = indexOfFF(bytes, at + 1)) {
    const code = bytes[at + 1] ?? 0;
    if (code !== 0 && code !== 0xff && !(code >= 0xd0 && code <= 0xd7)) return at;
  }
  return bytes.length;
}

/** A call takes longer than a look at some bytes, and far less than one at many. */
function indexOfFF(bytes: Uint8Array, from: number): number {
  const near = Math.min(from + NEAR, bytes.length);
  for (let at = from; at < near; at++) if (bytes[at] === 0xff) return at;
  return bytes.indexOf(0xff, near);
}
