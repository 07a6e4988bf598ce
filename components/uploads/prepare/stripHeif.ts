import { type Box, boxesOf, findBox, FULL_BOX } from './boxes.ts';
import { type Bytes, bytesOf, join, textAt, viewOf } from './bytes.ts';
import { type Extent, heifItems, type Item } from './heifItems.ts';
import { NotRemovable } from './notRemovable.ts';
import { type Overwrite, overwrite } from './overwrite.ts';
import { EMPTY_EXIF, rebuildExif, type Strip } from './rebuildExif.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));
/** Boxes that a picture needs, by what they are in. */
const NEEDED = {
  file: words('ftyp meta mdat moov'),
  meta: words('hdlr pitm iinf iloc iprp iref idat grpl dinf ipro'),
  moov: words('mvhd trak mvex'),
  trak: words('tkhd edts mdia tref trgr'),
};
/** Items that are pictures, or are made of them. */
const PICTURES = words('av01 hvc1 hev1 lhv1 avc1 vvc1 jpeg j2k1 hvt1 unci grid iovl iden tmap sato');
const METADATA = words('Exif mime uri ');
/** Handlers of tracks that are shown or heard. */
const SHOWN_TRACKS = words('pict vide auxv soun');
/** More than any camera writes; each is compared with all pictures. */
const MAX_METADATA = 16;
const MAX_DATA = 64;
const UNUSUAL = 'its metadata is in an unusual place';
const SPACE = 0x20;
const FREE = bytesOf('free');

/**
 * AVIF and HEIC. Everything in them is found by its place in the file, so that nothing may move: EXIF data and XMP are
 * overwritten where they are, boxes that no picture needs (the video of a motion photo, vendors' boxes, user data) become
 * empty `free` boxes, and are cut off at the end. Orientation, colours, frames and gain maps are in boxes that stay; that of an
 * iPhone is shown weaker, since how strong it is stands in its maker's notes and its XMP. Limits: what
 * no item and no box refers to is not found; the description of an item that an author wrote (`udes`) stays.
 */
export function stripHeif(bytes: Bytes, strip: Strip): Bytes {
  const file = overwrite(bytes);
  const boxes = [...boxesOf(bytes, 0, bytes.length)].filter(({ type }) => NEEDED.file.has(type));
  const data = boxes.filter(({ type }) => type === 'mdat');
  const metas = boxes.filter(({ type }) => type === 'meta');
  const movies = boxes.filter(({ type }) => type === 'moov');
  // Readers look at the first ones only.
  if (metas.length > 1 || movies.length > 1 || metas.length + movies.length === 0 || data.length > MAX_DATA) {
    throw new NotRemovable();
  }
  for (const meta of metas) stripItems(bytes, meta, data, file, strip);
  for (const movie of movies) stripTracks(bytes, movie, file);
  freeBoxes(bytes, { content: 0, end: bytes.length }, NEEDED.file, file);
  return file.finish(boxes.at(-1)?.end ?? 0);
}

function stripItems(bytes: Bytes, meta: Box, data: readonly Box[], file: Overwrite, strip: Strip): void {
  const items = heifItems(bytes, meta);
  const strange = items.find(({ type }) => !PICTURES.has(type) && !METADATA.has(type));
  if (strange !== undefined) throw new NotRemovable(`it holds data of an unknown kind (${strange.type})`);
  const pictures = items.filter(({ type }) => PICTURES.has(type)).flatMap(({ extents }) => extents ?? []);
  const metadata = items.filter(({ type }) => METADATA.has(type));
  if (metadata.length > MAX_METADATA) throw new NotRemovable();
  const idat = findBox(bytes, 'idat', meta.content + FULL_BOX, meta.end);
  const places = idat === undefined ? data : [...data, idat];
  for (const item of metadata) {
    const [extent, ...others] = item.extents ?? [];
    if (extent === undefined || others.length > 0) throw new NotRemovable(UNUSUAL);
    const isAlone = pictures.every((it) => it.end <= extent.start || extent.end <= it.start);
    const isInData = places.some((it) => it.content <= extent.start && extent.end <= it.end);
    if (!isAlone || !isInData) throw new NotRemovable(UNUSUAL);
    neutralize(bytes, item, extent, file, strip);
  }
  freeBoxes(bytes, { content: meta.content + FULL_BOX, end: meta.end }, NEEDED.meta, file);
}

/** Zeros would be no EXIF data at all, for which strict readers refuse the picture; XMP is text, of which spaces are nothing. */
function neutralize(bytes: Bytes, { type }: Item, { start, end }: Extent, file: Overwrite, strip: Strip): void {
  if (type !== 'Exif') {
    file.write(start, end, undefined, SPACE);
    return;
  }
  const whole = bytes.subarray(start, end);
  // Where the EXIF data begins is said by four bytes before it.
  const tiff = whole.length < 4 ? whole : whole.subarray(4 + viewOf(whole).getUint32(0));
  const exif = rebuildExif(tiff, strip, whole.length - 4) ?? EMPTY_EXIF;
  file.write(start, end, whole.length < 4 + exif.length ? undefined : join([new Uint8Array(4), exif]));
}

/** Of an animation. User data, in which cameras write the place, is in boxes of its own; a track of places has its own handler. */
function stripTracks(bytes: Bytes, moov: Box, file: Overwrite): void {
  for (const track of boxesOf(bytes, moov.content, moov.end)) {
    if (track.type !== 'trak') continue;
    const media = findBox(bytes, 'mdia', track.content, track.end);
    const handler = media && findBox(bytes, 'hdlr', media.content, media.end);
    if (!handler || !SHOWN_TRACKS.has(textAt(bytes, handler.content + 8, 4))) {
      throw new NotRemovable('it holds a track of an unknown kind');
    }
    freeBoxes(bytes, track, NEEDED.trak, file);
  }
  freeBoxes(bytes, moov, NEEDED.moov, file);
}

/** Makes room of the boxes that are not needed. */
function freeBoxes(
  bytes: Bytes,
  { content, end }: Pick<Box, 'content' | 'end'>,
  needed: ReadonlySet<string>,
  file: Overwrite,
): void {
  for (const box of boxesOf(bytes, content, end)) {
    if (needed.has(box.type)) continue;
    file.write(box.start + 4, box.start + 8, FREE);
    file.write(box.content, box.end);
  }
}
