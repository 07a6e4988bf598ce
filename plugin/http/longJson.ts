import { TimeSlice } from '../timeSlice.ts';
import { ImageCacheError } from '../errors.ts';

/** Enough for more than 10,000 entries of usual length with their presigned URLs. */
const MAX_LENGTH = 32_000_000;

/**
 * Builds a long JSON text from pieces. It never blocks the event loop for long, and the text never becomes longer than 32 million
 * characters, whatever the request.
 */
export class LongJson {
  readonly #pieces: string[] = [];
  readonly #timeSlice = new TimeSlice();
  #length = 0;

  /** @throws ImageCacheError PAYLOAD_TOO_LARGE */
  async add(piece: string): Promise<void> {
    this.#length += piece.length;
    if (this.#length > MAX_LENGTH) {
      throw new ImageCacheError('PAYLOAD_TOO_LARGE', `The answer would be longer than ${MAX_LENGTH} characters.`, {
        hint: 'Name fewer images at a time.',
      });
    }
    this.#pieces.push(piece);
    if (this.#timeSlice.isOver) await this.#timeSlice.yield();
  }

  /** Adds the items with commas between them. @throws ImageCacheError PAYLOAD_TOO_LARGE */
  async addList<Item>(items: Iterable<Item>, toJson: (item: Item) => string): Promise<void> {
    let separator = '';
    for (const item of items) {
      await this.add(separator + toJson(item));
      separator = ',';
    }
  }

  /** The text. This is not called `toJSON`, because `JSON.stringify` would then quote the text once more. */
  toString(): string {
    return this.#pieces.join('');
  }
}
