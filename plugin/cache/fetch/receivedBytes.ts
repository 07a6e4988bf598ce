import type { Scratch } from './scratch.ts';

/** Up to this size an image stays in memory while it arrives, so that it need not be read back to be inspected. */
const KEEP_BYTES = 4 << 20;
/** Bytes that are collected before a write, because each write occupies one of the few threads that do all file work. */
const WRITE_BYTES = 1 << 20;

/**
 * The bytes of a download as they arrive. They are joined only for a caller that keeps them in one piece: memory outside of
 * V8's heap triggers garbage collection, and a prefetch of many images takes twice as much of it when each is joined.
 */
export class ReceivedBytes {
  #chunks: Uint8Array[] = [];
  #unwritten: Uint8Array[] = [];
  #unwrittenLength = 0;
  #joined: Buffer | undefined;
  /** Number of bytes that have arrived. */
  length = 0;

  append(chunk: Uint8Array): void {
    this.length += chunk.length;
    if (this.isKept) this.#chunks.push(chunk);
    else this.#chunks = [];
    this.#unwritten.push(chunk);
    this.#unwrittenLength += chunk.length;
  }

  /** False if there were too many bytes to keep; then they have to be read back from the file. */
  get isKept(): boolean {
    return this.length <= KEEP_BYTES;
  }

  /** True if enough bytes have been collected for a write. */
  get isDue(): boolean {
    return this.#unwrittenLength >= WRITE_BYTES;
  }

  /** Returns the bytes to write. They count as written from now on. */
  take(): Uint8Array[] {
    const chunks = this.#unwritten;
    this.#unwritten = [];
    this.#unwrittenLength = 0;
    return chunks;
  }

  /** Returns the bytes in memory of their own, the same each time. Only if {@link ReceivedBytes.isKept}. */
  join(): Buffer {
    this.#joined ??= Buffer.concat(this.#chunks);
    this.#chunks = [this.#joined];
    return this.#joined;
  }

  /** Returns all bytes in one piece, to be viewed at once. */
  peek(scratch: Scratch): Uint8Array {
    return this.#joined ?? scratch.join(this.#chunks, this.length);
  }
}
