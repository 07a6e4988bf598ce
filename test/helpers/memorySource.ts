import type { Proof } from '../../plugin/cache/injected/inspector.ts';
import type { Source, ImageRef } from '../../plugin/cache/injected/source.ts';
import { ImageCacheError } from '../../plugin/errors.ts';

/** An origin in memory, for tests that are not about S3: `mem:<name>` is an object, and `bytesOf` returns its bytes. */
export class MemorySource implements Source {
  downloads = 0;
  active = 0;
  closed = false;
  /** What the origin has announced about the bytes. */
  proof: Proof = 'announced';
  /** Runs before the first byte. It is given the signal, as a real origin would be. */
  delay: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  readonly #bytesOf: (name: string) => Uint8Array;

  constructor(bytesOf: (name: string) => Uint8Array) {
    this.#bytesOf = bytesOf;
  }

  identify(url: string): ImageRef {
    if (!url.startsWith('mem:')) throw new ImageCacheError('HOST_NOT_ALLOWED', 'not of this origin');
    return { key: url, filename: url.slice('mem:'.length) };
  }

  async download({ filename }: ImageRef, sink: Parameters<Source['download']>[1], signal: AbortSignal) {
    this.downloads += 1;
    this.active += 1;
    try {
      await this.delay(signal);
      signal.throwIfAborted();
      const bytes = this.#bytesOf(filename);
      const metadata = { etag: this.etagOf(filename), contentType: 'image/png' };
      sink.begin(metadata);
      const half = Math.floor(bytes.length / 2);
      await sink.write(bytes.subarray(0, half));
      await sink.write(bytes.subarray(half));
      await sink.complete(this.proof);
      return metadata;
    } catch (error) {
      throw signal.aborted ? new ImageCacheError('ABORTED', 'The download was cancelled.') : error;
    } finally {
      this.active -= 1;
    }
  }

  protected etagOf(name: string): string {
    return `"${name}"`;
  }

  close(): void {
    this.closed = true;
  }
}
