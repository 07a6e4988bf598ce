import { type Bytes, bytesOf, hasText, viewOf } from './bytes.ts';

/** `gps`: the place goes; of EXIF the rest is kept. `all`: of EXIF only the orientation is kept. */
export type Strip = 'gps' | 'all';

const ORIENTATION = 0x0112;
const EXIF_DIRECTORY = 0x8769;
const LONG = 4;
const HEADER = 8;
const ENTRY = 12;
/** Bytes of one value, by type: 1 to 13 (TIFF 6.0, section 2; IFD, 13, is not for us) and 129, UTF-8 (EXIF 3.0). */
const TYPE_SIZES: Readonly<Record<number, number>> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  129: 1,
};

/**
 * What is kept for `gps`, as ranges of tags, both ends included: those of CIPA DC-008 and the titles that Windows writes. Not
 * the directory of the place (0x8825), nor what has a form of its own in which a place can be: XMP (0x02bc), IPTC (0x83bb),
 * Photoshop's (0x8649, 0x935c), makers' notes (0x927c: Panasonic and Nikon write towns into them), GeoTIFF; nor the thumbnail,
 * which may show what was cropped away; nor the directory for interoperability (0xa005), which browsers do not read.
 */
const KEPT: readonly (readonly [first: number, last: number])[] = [
  [0x010e, 0x0110],
  [ORIENTATION, ORIENTATION],
  [0x011a, 0x011b],
  [0x0128, 0x0128],
  [0x0131, 0x013f],
  [0x0211, 0x0214],
  [0x8298, 0x829d],
  [0x8822, 0x8824],
  [0x8827, 0x8835],
  [0x9000, 0x927b],
  [0x9286, 0x9292],
  [0x9400, 0x9405],
  [0x9c9b, 0x9c9f],
  [0xa000, 0xa004],
  [0xa20b, 0xa462],
  [0xa500, 0xa500],
];

interface Entry {
  tag: number;
  type: number;
  count: number;
  /** In the byte order of the file. */
  value: Uint8Array;
}

/**
 * EXIF data (a small TIFF), written anew with those entries that are kept, so that nothing else can be left in it: neither
 * what no entry leads to any more, nor gaps. In the same byte order. `undefined` when there is nothing to keep. Never longer than
 * `room`: values that overlap could make it grow without end. Limit: a place that somebody wrote into a caption stays.
 */
export function rebuildExif(tiff: Uint8Array, strip: Strip, room = tiff.length + ENTRY): Bytes | undefined {
  const isLittle = hasText(tiff, 'II*\0');
  // Browsers ignore all that is neither.
  if (!isLittle && !hasText(tiff, 'MM\0*')) return undefined;
  const source = viewOf(tiff);
  if (tiff.length < HEADER) return undefined;
  const all = entriesAt(tiff, source.getUint32(4, isLittle), isLittle);
  const pointer = all.find(({ tag, value }) => tag === EXIF_DIRECTORY && value.length === 4)?.value;
  const details =
    pointer === undefined || strip === 'all' ? [] : entriesAt(tiff, viewOf(pointer).getUint32(0, isLittle), isLittle);

  const main = all.filter(({ tag }) => isKept(tag, strip));
  const more = details.filter(({ tag }) => isKept(tag, strip));
  if (main.length + more.length === 0) return undefined;
  const link = new Uint8Array(4);
  if (more.length > 0) main.push({ tag: EXIF_DIRECTORY, type: LONG, count: 1, value: link });
  main.sort((one, other) => one.tag - other.tag);

  const moreAt = HEADER + sizeOf(main);
  const length = moreAt + (more.length > 0 ? sizeOf(more) : 0);
  if (length > room) return strip === 'all' ? undefined : rebuildExif(tiff, 'all', room);
  viewOf(link).setUint32(0, moreAt, isLittle);
  const out = new Uint8Array(length);
  out.set(tiff.subarray(0, 4));
  viewOf(out).setUint32(4, HEADER, isLittle);
  writeDirectory(out, HEADER, main, isLittle);
  if (more.length > 0) writeDirectory(out, moreAt, more, isLittle);
  return out;
}

/** What stands for no EXIF data where the room for it cannot be given back: a directory of no entries. */
export const EMPTY_EXIF = bytesOf('II*\0\b\0\0\0\0\0\0\0\0\0');

function isKept(tag: number, strip: Strip): boolean {
  return strip === 'all' ? tag === ORIENTATION : KEPT.some(([first, last]) => tag >= first && tag <= last);
}

/** The entries of a directory whose values are all there. */
function entriesAt(tiff: Uint8Array, directory: number, isLittle: boolean): Entry[] {
  const view = viewOf(tiff);
  const entries: Entry[] = [];
  if (directory + 2 > tiff.length) return entries;
  const end = directory + 2 + ENTRY * view.getUint16(directory, isLittle);
  for (let at = directory + 2; at < end && at + ENTRY <= tiff.length; at += ENTRY) {
    const type = view.getUint16(at + 2, isLittle);
    const count = view.getUint32(at + 4, isLittle);
    const length = (TYPE_SIZES[type] ?? NaN) * count;
    const start = length > 4 ? view.getUint32(at + 8, isLittle) : at + 8;
    if (!(start + length <= tiff.length)) continue;
    entries.push({ tag: view.getUint16(at, isLittle), type, count, value: tiff.subarray(start, start + length) });
  }
  return entries;
}

/** The size of a directory with its values, which begin at even places. */
function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((size, { value }) => size + ENTRY + outside(value), 2 + 4);
}

/** What a value takes beyond its entry, which has room for four bytes. */
function outside({ length }: Uint8Array): number {
  return length > 4 ? length + (length % 2) : 0;
}

function writeDirectory(out: Bytes, directory: number, entries: readonly Entry[], isLittle: boolean): void {
  const view = viewOf(out);
  view.setUint16(directory, entries.length, isLittle);
  let at = directory + 2;
  let free = at + ENTRY * entries.length + 4;
  for (const { tag, type, count, value } of entries) {
    view.setUint16(at, tag, isLittle);
    view.setUint16(at + 2, type, isLittle);
    view.setUint32(at + 4, count, isLittle);
    if (value.length > 4) view.setUint32(at + 8, free, isLittle);
    out.set(value, value.length > 4 ? free : at + 8);
    free += outside(value);
    at += ENTRY;
  }
}
