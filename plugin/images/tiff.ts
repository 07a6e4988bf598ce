import { ByteReader } from './byteReader.ts';
import type { Facts } from './facts.ts';

const IMAGE_WIDTH = 256;
const IMAGE_LENGTH = 257;
const STRIP_OFFSETS = 273;
const ORIENTATION = 274;
const STRIP_BYTE_COUNTS = 279;
const TILE_OFFSETS = 324;
const TILE_BYTE_COUNTS = 325;
/** Entries that point to further directories: SubIFDs, EXIF and GPS. */
const DIRECTORY_TAGS = [330, 34665, 34853];
const READ_TAGS = new Set([
  IMAGE_WIDTH,
  IMAGE_LENGTH,
  STRIP_OFFSETS,
  ORIENTATION,
  STRIP_BYTE_COUNTS,
  TILE_OFFSETS,
  TILE_BYTE_COUNTS,
  ...DIRECTORY_TAGS,
]);

/** Bytes of one value, by field type (TIFF 6.0, section 2; 13, 16, 17 and 18 from its supplements and BigTIFF). */
const TYPE_SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/** What differs between TIFF and BigTIFF. */
interface Layout {
  firstDirectory: number;
  countSize: number;
  entrySize: number;
  offsetSize: number;
}
const TIFF: Layout = { firstDirectory: 4, countSize: 2, entrySize: 12, offsetSize: 4 };
const BIG_TIFF: Layout = { firstDirectory: 8, countSize: 8, entrySize: 20, offsetSize: 8 };
const BIG_TIFF_MAGIC = 43;

const UNITS_PER_ENTRY = 8;
/** Units of work to read the position and length of a strip or tile, see `byteReader.ts`. */
const UNITS_PER_STRIP = 4;

/** Where the values of an entry are. */
interface Field {
  at: number;
  count: number;
  size: number;
}
type Directory = Map<number, Field>;

/**
 * Checks that everything that the directories refer to, above all the pixels, is within the file. Many raw formats have the
 * structure of TIFF, and are accepted as TIFF. Limit: it is not noticed if bytes are missing to which nothing refers.
 */
export function walkTiff(bytes: Uint8Array, facts: Facts): void {
  const reader = new ByteReader(bytes, 'TIFF', { littleEndian: bytes[0] === 0x49 });
  facts.contentType = 'image/tiff';
  new DirectoryWalker(reader, facts).walk();
  if (!facts.isRecognized) throw reader.damaged('it has no pixels');
}

class DirectoryWalker {
  readonly #reader: ByteReader;
  readonly #layout: Layout;
  readonly #facts: Facts;

  constructor(reader: ByteReader, facts: Facts) {
    this.#reader = reader;
    this.#facts = facts;
    this.#layout = reader.u16(2) === BIG_TIFF_MAGIC ? BIG_TIFF : TIFF;
  }

  /** Reads all directories. They may point anywhere, also at each other, so each is read only once. */
  walk(): void {
    const { firstDirectory, offsetSize } = this.#layout;
    const pending = [this.#reader.uint(firstDirectory, offsetSize)];
    const seen = new Set<number>([0]);
    for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const { directory, next } = this.#readDirectory(at);
      this.#note(directory);
      this.#needPixels(directory, STRIP_OFFSETS, STRIP_BYTE_COUNTS);
      this.#needPixels(directory, TILE_OFFSETS, TILE_BYTE_COUNTS);
      for (const pointer of [next, ...this.#subDirectories(directory)]) pending.push(pointer);
    }
  }

  /** The size is that of the first directory; the pixels may be in another one. */
  #note(directory: Directory): void {
    const facts = this.#facts;
    if (facts.width === undefined) {
      facts.width = this.#first(directory, IMAGE_WIDTH);
      facts.height = this.#first(directory, IMAGE_LENGTH);
      facts.orientation = this.#first(directory, ORIENTATION);
    }
    facts.isRecognized ||= directory.has(STRIP_OFFSETS) || directory.has(TILE_OFFSETS);
  }

  #first(directory: Directory, tag: number): number {
    const field = directory.get(tag);
    return field === undefined ? 0 : this.#reader.uint(field.at, field.size);
  }

  #readDirectory(at: number): { directory: Directory; next: number } {
    const { countSize, entrySize, offsetSize } = this.#layout;
    const count = this.#reader.uint(at, countSize);
    const end = at + countSize + count * entrySize;
    this.#reader.need(at, end - at + offsetSize);
    this.#reader.spendParts(1);
    this.#reader.spend(UNITS_PER_ENTRY * count);
    const directory: Directory = new Map();
    for (let entry = at + countSize; entry < end; entry += entrySize) {
      const tag = this.#reader.u16(entry);
      const field = this.#readField(entry);
      if (READ_TAGS.has(tag)) directory.set(tag, field);
    }
    return { directory, next: this.#reader.uint(end, offsetSize) };
  }

  #readField(entry: number): Field {
    const { offsetSize } = this.#layout;
    const size = TYPE_SIZES[this.#reader.u16(entry + 2)] ?? 0;
    const count = this.#reader.uint(entry + 4, offsetSize);
    const inline = entry + 4 + offsetSize;
    // Values that fit are kept in the entry itself.
    const at = size * count <= offsetSize ? inline : this.#reader.uint(inline, offsetSize);
    this.#reader.need(at, size * count);
    return { at, count, size };
  }

  #needPixels(directory: Directory, offsetsTag: number, countsTag: number): void {
    const offsets = directory.get(offsetsTag);
    const counts = directory.get(countsTag);
    if (offsets === undefined) return;
    this.#reader.spend(UNITS_PER_STRIP * offsets.count);
    for (let i = 0; i < offsets.count; i++) {
      // Old encoders leave out the byte counts. Then at least the beginning must be there.
      const length = counts !== undefined && i < counts.count ? this.#value(counts, i) : 1;
      this.#reader.need(this.#value(offsets, i), length);
    }
  }

  #subDirectories(directory: Directory): number[] {
    return DIRECTORY_TAGS.flatMap((tag) => {
      const field = directory.get(tag);
      if (field === undefined) return [];
      this.#reader.spendParts(field.count);
      return Array.from({ length: field.count }, (_, i) => this.#value(field, i));
    });
  }

  #value(field: Field, index: number): number {
    return this.#reader.uint(field.at + index * field.size, field.size);
  }
}
