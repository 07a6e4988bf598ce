import { ImageCacheError } from '../errors.ts';

/** The reason when a read goes past the end: the transfer was cut (`truncated`), or the file itself is wrong (`damaged`). */
type Overrun = 'truncated' | 'damaged';

interface ByteReaderOptions {
  littleEndian?: boolean;
  overrun?: Overrun;
  budget?: Budget;
}

/** Units of work that are left, of some nanoseconds each. A reader and its parts share one budget. */
interface Budget {
  left: number;
}

/** Units that any file may use, and how many bytes give it one more: 8 MB take some milliseconds, 50 MB a few more. */
const FREE_UNITS = 2 ** 18;
const BYTES_PER_UNIT = 128;
/** Units of a chunk, box, segment or directory. */
const UNITS_PER_PART = 32;

/**
 * Reads bytes with checked bounds and in limited time. A read past the end of the body means that the body was cut, so it throws
 * UPSTREAM_TRUNCATED. An inspector proves that an image is complete by reading up to the last byte that matters. Within a
 * {@link part}, whose bytes are all present, the same read means that the file contradicts itself.
 *
 * Inspection blocks the event loop, so parts of which a file can have many are counted before they are read. The limit is some
 * 8,000 chunks, boxes or segments, and one more for each 4 kB; normal files have far fewer.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Name of the format, for messages. */
  readonly format: string;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  readonly #overrun: Overrun;
  readonly #budget: Budget;

  constructor(bytes: Uint8Array, format: string, options: ByteReaderOptions = {}) {
    this.bytes = bytes;
    this.format = format;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = options.littleEndian ?? false;
    this.#overrun = options.overrun ?? 'truncated';
    this.#budget = options.budget ?? { left: FREE_UNITS + Math.floor(bytes.length / BYTES_PER_UNIT) };
  }

  get length(): number {
    return this.bytes.length;
  }

  /** Throws unless `length` bytes are there at `at`. */
  need(at: number, length: number): void {
    if (at + length <= this.length) return;
    throw this.#overrun === 'truncated' ? this.truncated() : this.damaged('a part reaches beyond what holds it');
  }

  /** Counts `count` steps that take a few nanoseconds each. @throws ImageCacheError NOT_AN_IMAGE when there are too many */
  spend(count: number): void {
    this.#budget.left -= count;
    if (this.#budget.left < 0) throw this.damaged('it has more parts than any image needs');
  }

  /** Counts chunks, boxes, segments or directories. @throws ImageCacheError NOT_AN_IMAGE when there are too many */
  spendParts(count: number): void {
    this.spend(count * UNITS_PER_PART);
  }

  u8(at: number): number {
    this.need(at, 1);
    return this.#view.getUint8(at);
  }

  u16(at: number): number {
    this.need(at, 2);
    return this.#view.getUint16(at, this.#littleEndian);
  }

  u32(at: number): number {
    this.need(at, 4);
    return this.#view.getUint32(at, this.#littleEndian);
  }

  i32(at: number): number {
    this.need(at, 4);
    return this.#view.getInt32(at, this.#littleEndian);
  }

  /** Loses precision above 2^53, but no body is that long. */
  u64(at: number): number {
    this.need(at, 8);
    return Number(this.#view.getBigUint64(at, this.#littleEndian));
  }

  /** An unsigned integer with a width that the file chooses; without bytes, it is 0. */
  uint(at: number, byteLength: number): number {
    if (byteLength === 0) return 0;
    if (byteLength === 1) return this.u8(at);
    if (byteLength === 2) return this.u16(at);
    if (byteLength === 4) return this.u32(at);
    if (byteLength === 8) return this.u64(at);
    throw this.damaged(`an integer of ${byteLength} bytes`);
  }

  /** `length` bytes as Latin-1, e.g. the four characters that name a chunk or a box. */
  text(at: number, length: number): string {
    this.need(at, length);
    let text = '';
    for (let i = at; i < at + length; i++) text += String.fromCharCode(this.#view.getUint8(i));
    return text;
  }

  /** A view of `length` bytes, without a copy. */
  slice(at: number, length: number): Uint8Array {
    this.need(at, length);
    return this.bytes.subarray(at, at + length);
  }

  /** A reader of `length` bytes that are all present. A read beyond them means that the file is damaged, not that it was cut. */
  part(at: number, length: number): ByteReader {
    return new ByteReader(this.slice(at, length), this.format, {
      littleEndian: this.#littleEndian,
      overrun: 'damaged',
      budget: this.#budget,
    });
  }

  /** A big-endian reader of a file within this one, whose length is not known. It uses the same budget. */
  fileFrom(at: number, format: string): ByteReader {
    this.need(at, 0);
    return new ByteReader(this.bytes.subarray(at), format, { overrun: this.#overrun, budget: this.#budget });
  }

  truncated(): ImageCacheError {
    return new ImageCacheError('UPSTREAM_TRUNCATED', `The body is only the beginning of an image (${this.format}).`, {
      hint: 'The transfer was cut. If it keeps happening, the object in the bucket is incomplete: upload it again.',
    });
  }

  damaged(why: string): ImageCacheError {
    return new ImageCacheError(
      'NOT_AN_IMAGE',
      `The body begins like an image (${this.format}), but is not one: ${why}.`,
      {
        hint: 'The object in the bucket is damaged, or is not an image: check it and upload it again.',
      },
    );
  }
}
