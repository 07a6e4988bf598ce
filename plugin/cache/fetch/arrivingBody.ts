/** Number of bytes that readers can follow. The rest of a larger image reaches them when it is complete. */
const KEEP_BYTES = 4 << 20;

/**
 * The bytes of a download while they arrive, for pages that show an image before it is stored. Any number of readers may
 * follow, each at its own pace. If the download starts again, it must bring the same bytes, because sent bytes cannot be
 * taken back.
 */
export class ArrivingBody {
  #chunks: Uint8Array[] = [];
  #size = 0;
  /** Number of bytes that a restarted download has repeated. */
  #repeated = Infinity;
  #state: 'growing' | 'complete' | 'failed' = 'growing';
  readonly #waiting = new Set<() => void>();

  /** True if no further reader can follow. */
  get hasFailed(): boolean {
    return this.#state === 'failed';
  }

  /** The bytes that have arrived so far. */
  bytes(): Uint8Array {
    const [first = new Uint8Array()] = this.#chunks;
    return this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first;
  }

  push(chunk: Uint8Array): void {
    if (this.#state !== 'growing') return;
    const fresh = this.#compare(chunk);
    if (fresh === undefined) this.fail();
    else if (fresh.length > 0 && this.#size < KEEP_BYTES) this.#append(fresh);
  }

  /** The download starts again from the first byte. */
  restart(): void {
    this.#repeated = 0;
  }

  /** The image is complete. */
  complete({ size, body }: { size: number; body: () => Uint8Array }): void {
    if (this.#state !== 'growing') return;
    if (this.#size > size) return this.fail(); // the restarted download has brought less
    if (this.#size < size) this.#chunks = [body()];
    this.#size = size;
    this.#state = 'complete';
    this.#wake();
  }

  /** Ends the body with an error. Does nothing if the image is complete. */
  fail(): void {
    if (this.#state !== 'growing') return;
    this.#state = 'failed';
    this.#wake();
  }

  /** Yields all bytes from the first one. @throws Error when they turn out not to be an image, or to be another one */
  async *follow(): AsyncGenerator<Uint8Array, void> {
    for (let offset = 0; ;) {
      if (this.#state === 'failed') throw new Error('The image ended before it was complete.');
      const chunk = this.#at(offset);
      if (chunk !== undefined) {
        offset += chunk.length;
        yield chunk;
      } else if (this.#state === 'complete') {
        return;
      } else {
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    }
  }

  #append(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#wake();
  }

  /** Returns the new bytes of a chunk; `undefined` when it differs from the bytes that were there. */
  #compare(chunk: Uint8Array): Uint8Array | undefined {
    let done = 0;
    while (done < chunk.length) {
      const known = this.#at(this.#repeated);
      if (known === undefined) {
        this.#repeated = Infinity; // past all bytes that were there
        break;
      }
      const length = Math.min(known.length, chunk.length - done);
      if (Buffer.compare(known.subarray(0, length), chunk.subarray(done, done + length)) !== 0) return undefined;
      this.#repeated += length;
      done += length;
    }
    return chunk.subarray(done);
  }

  /** Returns the kept bytes from this position to the end of the chunk. */
  #at(offset: number): Uint8Array | undefined {
    let start = 0;
    for (const chunk of this.#chunks) {
      if (offset < start + chunk.length) return chunk.subarray(offset - start);
      start += chunk.length;
    }
    return undefined;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
