import { ImageCacheError } from '../errors.ts';

/** Who is to blame when a read goes past the end: the transfer (`truncated`) or the file itself (`damaged`). */
type Overrun = 'truncated' | 'damaged';

interface ByteReaderOptions {
  littleEndian?: boolean;
  overrun?: Overrun;
  budget?: Budget;
}

/** Units of work that are left, some nanoseconds each; shared by a reader and its parts. */
interface Budget {
  left: number;
}

/** What any file may cost, in units, and one unit more for so many bytes: 8 MB cost some milliseconds, 50 MB a few more. */
const FREE_UNITS = 2 ** 18;
const BYTES_PER_UNIT = 128;
/** A chunk, box, segment or directory. */
const UNITS_PER_PART = 32;

/**
 * Bounds-checked reads within bounded time. To read past the end of a body is what "it was cut" means, so every read throws
 * UPSTREAM_TRUNCATED there, and an inspector proves completeness by reading its way to the last byte that matters.
 * Within a {@link part}, whose bytes are all present, the same read means that the file contradicts itself.
 *
 * Inspection blocks the event loop, so whatever a file can have many of is paid for before it is looked at. No honest
 * file comes near the limit, which is some 8,000 chunks, boxes or segments, and one more for each 4 kB.
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

  /** Pays for `count` steps that take a few nanoseconds each. @throws ImageCacheError NOT_AN_IMAGE when it is too much */
  spend(count: number): void {
    this.#budget.left -= count;
    if (this.#budget.left < 0) throw this.damaged('it has more parts than any image needs');
  }

  /** Pays for chunks, boxes, segments or directories. @throws ImageCacheError NOT_AN_IMAGE when it is too much */
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

  /** Loses precision above 2^53, where no offset can be within a body anyway. */
  u64(at: number): number {
    this.need(at, 8);
    return Number(this.#view.getBigUint64(at, this.#littleEndian));
  }

  /** An unsigned integer whose width the file itself chooses; one of no bytes is 0. */
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

  /** A view of `length` bytes: no copy. */
  slice(at: number, length: number): Uint8Array {
    this.need(at, length);
    return this.bytes.subarray(at, at + length);
  }

  /** A reader of `length` bytes that are all there: whatever reaches beyond them is damage, not a cut. */
  part(at: number, length: number): ByteReader {
    return new ByteReader(this.slice(at, length), this.format, {
      littleEndian: this.#littleEndian,
      overrun: 'damaged',
      budget: this.#budget,
    });
  }

  /** A reader, big-endian, of a file within this one, of which only its beginning is known. It draws on the same budget. */
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
    return new ImageCacheError('NOT_AN_IMAGE', `The body begins like an image (${this.format}) but is none: ${why}.`, {
      hint: 'The object in the bucket is damaged, or is something else in disguise: look at it and upload it again.',
    });
  }
}
