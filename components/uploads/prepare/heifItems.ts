import { type Box, boxesOf, findBox, FULL_BOX } from './boxes.ts';
import { textAt, viewOf } from './bytes.ts';
import { NotRemovable } from './notRemovable.ts';

/** iloc construction methods (ISO/IEC 14496-12, 8.11.3). */
const IN_FILE = 0;
const IN_IDAT = 1;

export interface Extent {
  start: number;
  end: number;
}

/** A picture, a tile of one, or metadata. */
export interface Item {
  /** Four letters; none when it is not in the list of items. */
  type: string;
  /** `undefined` when its bytes are those of other items, or in another file. */
  extents: Extent[] | undefined;
}

/** The items of a `meta` box, with where their bytes are. */
export function heifItems(bytes: Uint8Array, meta: Box): Item[] {
  const within = (type: string): Box | undefined => findBox(bytes, type, meta.content + FULL_BOX, meta.end);
  const locations = within('iloc');
  const infos = within('iinf');
  if (locations === undefined || infos === undefined) return [];
  const types = typesOf(bytes, infos);
  return itemsOf(bytes, locations, within('idat'), (id) => types.get(id) ?? '');
}

/** The types of the items by their ids: `iinf`. */
function typesOf(bytes: Uint8Array, { content, end }: Box): Map<number, string> {
  const view = viewOf(bytes);
  const types = new Map<number, string>();
  const first = content + FULL_BOX + (view.getUint8(content) === 0 ? 2 : 4);
  for (const box of boxesOf(bytes, first, end)) {
    const version = view.getUint8(box.content);
    const at = box.content + FULL_BOX;
    const id = version < 3 ? view.getUint16(at) : view.getUint32(at);
    // Behind the id is an index of protections. The first versions knew of data with a content type only.
    types.set(id, version < 2 ? 'mime' : textAt(bytes, at + (version < 3 ? 4 : 6), 4));
  }
  return types;
}

function itemsOf(bytes: Uint8Array, iloc: Box, idat: Box | undefined, typeOf: (id: number) => string): Item[] {
  const view = viewOf(bytes);
  let at = iloc.content;
  const next = (width: number): number => {
    const value = uint(view, at, width);
    at += width;
    if (at > iloc.end) throw new NotRemovable();
    return value;
  };
  const version = next(1);
  at += 3;
  const sizes = next(1);
  const more = next(1);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 4, sizes & 15, more >> 4];
  const indexSize = version === 0 ? 0 : more & 15;
  const wide = version < 2 ? 2 : 4;
  // Without them, items of any number would take no room.
  if (offsetSize + lengthSize === 0) throw new NotRemovable();

  const items: Item[] = [];
  for (let left = next(wide); left > 0; left--) {
    const type = typeOf(next(wide));
    const method = version === 0 ? IN_FILE : next(2) & 15;
    const file = next(2);
    const base = next(baseSize);
    const extents: Extent[] = [];
    for (let extent = next(2); extent > 0; extent--) {
      next(indexSize);
      const start = base + next(offsetSize) + (method === IN_IDAT ? (idat?.content ?? NaN) : 0);
      const length = next(lengthSize);
      extents.push({ start, end: length === 0 ? Infinity : start + length });
    }
    items.push({ type, extents: file === 0 && method <= IN_IDAT ? extents : undefined });
  }
  return items;
}

function uint(view: DataView, at: number, width: number): number {
  if (width === 0) return 0;
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at);
  if (width === 4) return view.getUint32(at);
  if (width === 8) return Number(view.getBigUint64(at));
  throw new NotRemovable();
}
