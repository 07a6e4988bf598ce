import { ByteReader } from './byteReader.ts';
import { readItems } from './heifItems.ts';
import { readTracks } from './heifTracks.ts';
import type { ImageInfo } from './imageInfo.ts';
import { findBox, readBoxes, readBrands } from './isobmff.ts';

type FileType = Pick<ImageInfo, 'contentType' | 'extension'>;
const AVIF: FileType = { contentType: 'image/avif', extension: 'avif' };
const HEIC: FileType = { contentType: 'image/heic', extension: 'heic' };
const HEIC_SEQUENCE: FileType = { contentType: 'image/heic-sequence', extension: 'heics' };
const HEIF: FileType = { contentType: 'image/heif', extension: 'heif' };
const HEIF_SEQUENCE: FileType = { contentType: 'image/heif-sequence', extension: 'heifs' };

/** Brands that name a codec (AVIF 1.1 section 6; ISO/IEC 23008-12 annex B), and hence the type. */
const CODEC_BRANDS = new Map([
  ['avif', AVIF],
  ['avis', AVIF],
  ...['heic', 'heix', 'heim', 'heis'].map((brand) => [brand, HEIC] as const),
  ...['hevc', 'hevx', 'hevm', 'hevs'].map((brand) => [brand, HEIC_SEQUENCE] as const),
]);
/** Brands that name the structure only: used when no other says more. */
const STRUCTURE_BRANDS = new Map([
  ['mif1', HEIF],
  ['msf1', HEIF_SEQUENCE],
]);
const SEQUENCE_BRANDS = new Set(['avis', 'msf1', 'hevc', 'hevx', 'hevm', 'hevs']);

/** The type that a list of brands stands for; `undefined` for videos and other relatives. */
export function heifType(brands: readonly string[]): FileType | undefined {
  for (const known of [CODEC_BRANDS, STRUCTURE_BRANDS]) {
    const brand = brands.find((it) => known.has(it));
    if (brand !== undefined) return known.get(brand);
  }
  return undefined;
}

/**
 * AVIF and HEIC. Every box must be whole, and everything that the item locations (or the chunk offsets of a sequence)
 * refer to must lie within the file, so that a cut between two boxes is seen too. Limit: a trailing box that nothing
 * refers to, such as the video of a motion photo, cannot be missed.
 */
export function inspectHeif(bytes: Uint8Array): ImageInfo {
  const brands = readBrands(bytes);
  const type = heifType(brands) ?? HEIF;
  const reader = new ByteReader(bytes, type.extension.toUpperCase());
  const boxes = readBoxes(reader);
  const items = findBox(reader, boxes, 'meta');
  const tracks = findBox(reader, boxes, 'moov');
  // A body that ends before the box that describes it was cut: nothing else can be wrong with what is there.
  if (items === undefined && tracks === undefined) throw reader.truncated();

  if (tracks !== undefined && boxes.some((box) => box.openEnded)) {
    throw reader.damaged('the frames of a sequence are in a box without an end');
  }
  const still = items && readItems(items, reader);
  const sequence = tracks && readTracks(tracks, reader);
  const animated = SEQUENCE_BRANDS.has(brands[0] ?? '');
  if (animated && sequence === undefined) throw reader.truncated();
  const size = still ?? sequence;
  if (size === undefined) throw reader.damaged('no picture is described in it');
  return { ...type, ...size, ...(animated && { animated }) };
}
