import { type ContentType, FORMATS } from '../formats.ts';
import { ByteReader } from './byteReader.ts';
import type { Facts } from './facts.ts';
import { itemSize, needItems } from './heifItems.ts';
import { needTracks, trackSizeOf } from './heifTracks.ts';
import { eachBox, readBrands } from './isobmff.ts';

/** Brands that name a codec (AVIF 1.1 section 6; ISO/IEC 23008-12 annex B), and hence the type. */
const CODEC_BRANDS = new Map<string, ContentType>([
  ['avif', 'image/avif'],
  ['avis', 'image/avif'],
  ...['heic', 'heix', 'heim', 'heis'].map((brand) => [brand, 'image/heic'] as const),
  ...['hevc', 'hevx', 'hevm', 'hevs'].map((brand) => [brand, 'image/heic-sequence'] as const),
]);
/** Brands that only name the structure. They are used if no other brand says more. */
const STRUCTURE_BRANDS = new Map<string, ContentType>([
  ['mif1', 'image/heif'],
  ['msf1', 'image/heif-sequence'],
]);
const SEQUENCE_BRANDS = new Set(['avis', 'msf1', 'hevc', 'hevx', 'hevm', 'hevs']);

/** The content type for a list of brands; `undefined` for videos and other files of this structure. */
export function heifType(brands: readonly string[]): ContentType | undefined {
  for (const known of [CODEC_BRANDS, STRUCTURE_BRANDS]) {
    const brand = brands.find((it) => known.has(it));
    if (brand !== undefined) return known.get(brand);
  }
  return undefined;
}

/**
 * Reads AVIF and HEIC. Every box must be complete, and everything that the item locations (or the chunk offsets of a sequence)
 * refer to must be within the file, so that a cut between two boxes is noticed, too. Limit: if a box at the end is missing to which
 * nothing refers, such as the video of a motion photo, this is not noticed.
 */
export function walkHeif(bytes: Uint8Array, facts: Facts): void {
  const brands = readBrands(bytes);
  facts.contentType = heifType(brands) ?? 'image/heif';
  const reader = new ByteReader(bytes, FORMATS[facts.contentType].extensions[0].toUpperCase());
  const isSequence = SEQUENCE_BRANDS.has(brands[0] ?? '');
  facts.frames = isSequence ? 2 : 1;

  let items: ByteReader | undefined;
  let tracks: ByteReader | undefined;
  let isOpenEnded = false;
  for (const box of eachBox(reader)) {
    isOpenEnded ||= box.openEnded;
    if (box.type === 'meta') items ??= reader.part(box.at, box.length);
    if (box.type === 'moov') tracks ??= reader.part(box.at, box.length);
    if (box.type === 'meta' || box.type === 'moov') noteSize(facts, items, tracks);
  }
  // All boxes so far are correct. If the box that describes the image is missing, the body was cut before it.
  if (items === undefined && tracks === undefined) throw reader.truncated();

  if (tracks !== undefined && isOpenEnded) {
    throw reader.damaged('the frames of a sequence are in a box without an end');
  }
  if (items !== undefined) needItems(items, reader);
  if (tracks !== undefined) needTracks(tracks, reader);
  if (isSequence && tracks === undefined) throw reader.truncated();
  if (!facts.isRecognized) throw reader.damaged('no picture is described in it');
}

function noteSize(facts: Facts, items: ByteReader | undefined, tracks: ByteReader | undefined): void {
  // Browsers show the whole AVIF and ignore its clean aperture; programs that show HEIC use it.
  const usesAperture = facts.contentType !== 'image/avif';
  const size = (items && itemSize(items, { usesAperture })) ?? (tracks && trackSizeOf(tracks));
  if (size === undefined) return;
  Object.assign(facts, size);
  facts.isRecognized = true;
}
