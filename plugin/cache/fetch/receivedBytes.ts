import type { Scratch } from './scratch.ts';

/** Up to this size an image stays in memory while it comes, so that it need not be read back to be looked at. */
const KEEP_BYTES = 4 << 20;
/** Collected before it is written: each write is a turn of one of the few threads that do all work on files. */
const WRITE_BYTES = 1 << 20;

/**
 * The bytes of a download as they come. They are joined only for whoever keeps them in one piece: memory outside of V8's heap
 * is what makes it collect garbage, and a prefetch of many images takes twice as much of it when each is joined.
 */
export class ReceivedBytes {
  #chunks: Uint8Array[] = [];
  #unwritten: Uint8Array[] = [];
  #unwrittenLength = 0;
  #joined: Buffer | undefined;
  /** Of all that came. */
  length = 0;

  append(chunk: Uint8Array): void {
    this.length += chunk.length;
    if (this.isKept) this.#chunks.push(chunk);
    else this.#chunks = [];
    this.#unwritten.push(chunk);
    this.#unwrittenLength += chunk.length;
  }

  /** False when it was too much; then it has to be read back from where it was written to. */
  get isKept(): boolean {
    return this.length <= KEEP_BYTES;
  }

  /** So much that it should be written. */
  get isDue(): boolean {
    return this.#unwrittenLength >= WRITE_BYTES;
  }

  /** What has to be written; it counts as written from now on. */
  take(): Uint8Array[] {
    const chunks = this.#unwritten;
    this.#unwritten = [];
    this.#unwrittenLength = 0;
    return chunks;
  }

  /** Of its own memory, and the same each time. Only if {@link ReceivedBytes.isKept}. */
  join(): Buffer {
    this.#joined ??= Buffer.concat(this.#chunks);
    this.#chunks = [this.#joined];
    return this.#joined;
  }

  /** All of it in one piece, for a look at once. */
  peek(scratch: Scratch): Uint8Array {
    return this.#joined ?? scratch.join(this.#chunks, this.length);
  }
}
