import type { ByteReader } from './byteReader.ts';
import { findBox, findNested, readBoxes, type Box } from './isobmff.ts';

/** `meta` is a FullBox: version and flags come before its boxes. */
const FULL_BOX_HEADER = 4;

/** iloc construction methods (ISO/IEC 14496-12, 8.11.3). An item of other items (2) is checked by those. */
const IN_FILE = 0;
const IN_IDAT = 1;

/** Units of work, see `byteReader.ts`. */
const UNITS_PER_ITEM = 8;
const UNITS_PER_EXTENT = 8;

interface Size {
  width: number;
  height: number;
}

/** How the size of an item is determined. */
interface Shown {
  /** Whether only the clean aperture of the picture is shown. */
  usesAperture: boolean;
}

/** The size, as shown, of the primary item of a `meta` box; `undefined` when there is none. */
export function itemSize(meta: ByteReader, shown: Shown): Size | undefined {
  const boxes = readBoxes(meta, FULL_BOX_HEADER);
  const primary = findBox(meta, boxes, 'pitm');
  const properties = findBox(meta, boxes, 'iprp');
  if (primary === undefined || properties === undefined || !boxes.some(({ type }) => type === 'iloc')) return undefined;
  const id = primary.u8(0) === 0 ? primary.u16(4) : primary.u32(4);
  return shownSize(properties, id, shown);
}

/** Throws unless the data of every item is there. Limit: an extent of length 0 means "to the end of the file", wherever that is. */
export function needItems(meta: ByteReader, file: ByteReader): void {
  const boxes = readBoxes(meta, FULL_BOX_HEADER);
  const locations = findBox(meta, boxes, 'iloc');
  if (locations !== undefined) {
    needItemData(locations, { [IN_FILE]: file, [IN_IDAT]: findBox(meta, boxes, 'idat') });
  }
}

function needItemData(iloc: ByteReader, places: Record<number, ByteReader | undefined>): void {
  const version = iloc.u8(0);
  const [offsetSize, lengthSize] = nibbles(iloc.u8(4));
  const [baseSize, indexNibble] = nibbles(iloc.u8(5));
  const indexSize = version === 0 ? 0 : indexNibble;
  const wide = version < 2 ? 2 : 4;
  const extentSize = indexSize + offsetSize + lengthSize;

  const count = iloc.uint(6, wide);
  let at = 6 + wide;
  for (let item = 0; item < count; item++) {
    iloc.spend(UNITS_PER_ITEM);
    at += wide;
    const method = version === 0 ? IN_FILE : iloc.u16(at) & 0x0f;
    // In versions with a method, it is followed by an index of other files.
    at += version === 0 ? 2 : 4;
    const base = iloc.uint(at, baseSize);
    const extents = iloc.u16(at + baseSize);
    at += baseSize + 2;
    iloc.need(at, extents * extentSize);
    iloc.spend(UNITS_PER_EXTENT * extents);
    // Extents without bytes would take time, but no space.
    for (const end = at + extents * extentSize; at < end; at += extentSize) {
      const offset = iloc.uint(at + indexSize, offsetSize);
      places[method]?.need(base + offset, iloc.uint(at + indexSize + offsetSize, lengthSize));
    }
  }
}

function nibbles(byte: number): [number, number] {
  return [byte >> 4, byte & 0x0f];
}

/** The size from spatial extents, clean aperture and rotation. They are applied in this order, however they are listed. */
function shownSize(iprp: ByteReader, id: number, { usesAperture }: Shown): Size | undefined {
  const container = findNested(iprp, ['ipco']);
  if (container === undefined) return undefined;
  const properties = readBoxes(container);
  let size: Size | undefined;
  let aperture: Size | undefined;
  let isTurned = false;
  for (const index of associations(iprp, id)) {
    const box: Box | undefined = properties[index - 1];
    if (box === undefined) continue;
    const property = container.part(box.at, box.length);
    if (box.type === 'ispe') size = { width: property.u32(4), height: property.u32(8) };
    if (box.type === 'clap' && usesAperture) aperture = cleanAperture(property);
    if (box.type === 'irot') isTurned = property.u8(0) % 2 === 1;
  }
  const shown = size && (aperture ?? size);
  return shown && isTurned ? { width: shown.height, height: shown.width } : shown;
}

/** The clean aperture: width and height as fractions of two 32-bit numbers each. */
function cleanAperture(clap: ByteReader): Size {
  const fraction = (at: number): number => Math.round(clap.u32(at) / Math.max(1, clap.u32(at + 4)));
  return { width: fraction(0), height: fraction(8) };
}

/** The indices, from 1, of the properties of an item, from `ipma`. */
function associations(iprp: ByteReader, id: number): number[] {
  const ipma = findNested(iprp, ['ipma']);
  if (ipma === undefined) return [];
  const idSize = ipma.u8(0) === 0 ? 2 : 4;
  const indexSize = ipma.u8(3) & 1 ? 2 : 1;
  // The highest bit says whether the property is essential.
  const mask = indexSize === 2 ? 0x7fff : 0x7f;

  const count = ipma.u32(4);
  let at = 8;
  for (let entry = 0; entry < count; entry++) {
    ipma.spend(UNITS_PER_ITEM);
    const length = ipma.u8(at + idSize);
    const first = at + idSize + 1;
    if (ipma.uint(at, idSize) === id) {
      return Array.from({ length }, (_, i) => ipma.uint(first + i * indexSize, indexSize) & mask);
    }
    at = first + length * indexSize;
  }
  return [];
}
