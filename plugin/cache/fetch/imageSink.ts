import { ImageCacheError } from '../../errors.ts';
import type { BlobWriter, WrittenBlob } from '../files/blobWriter.ts';
import type { InspectedImage, Inspector, Proof } from '../injected/inspector.ts';
import type { Arrival } from './arrival.ts';
import { ReceivedBytes } from './receivedBytes.ts';
import type { Scratch } from './scratch.ts';
import type { Sink, SourceMetadata } from '../injected/source.ts';

export interface ImageSinkOptions {
  /** Called once, at the first byte or earlier. */
  createWriter: () => Promise<BlobWriter>;
  inspect: Inspector;
  scratch: Scratch;
  maxBytes: number;
  /** Awaited before every chunk: resolves when no more urgent download is running. */
  yieldToForeground: () => Promise<void> | undefined;
  /** Is kept up to date while the bytes arrive. */
  arrival?: Arrival;
  onChunk?: (chunk: Uint8Array, size: number) => void;
  onReset?: () => void;
}

/** A complete image that was received. */
export interface ReceivedImage extends InspectedImage {
  /** Size in bytes. */
  size: number;
  /** Returns the bytes in one piece of memory. */
  body: () => Buffer;
}

/** Writes the bytes of a download to a temporary file, and checks whether they are a complete image. */
export class ImageSink implements Sink {
  readonly #options: ImageSinkOptions;
  #opening: Promise<BlobWriter> | undefined;
  #received = new ReceivedBytes();
  #image: ReceivedImage | undefined;
  /** ETag of the object that the origin sent, or began to send. Empty when the origin sent none; `undefined` when it sent no object. */
  etag: string | undefined;

  constructor(options: ImageSinkOptions) {
    this.#options = options;
  }

  /** Maximum size of the image in bytes. */
  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  /** Creates the temporary file. Every chunk waits for it, so that a directory that cannot be written is noticed at once. */
  open(): Promise<BlobWriter> {
    this.#opening ??= this.#options.createWriter();
    return this.#opening;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const { maxBytes, yieldToForeground, arrival, onChunk } = this.#options;
    const received = this.#received;
    if (received.length + chunk.length > maxBytes) throw tooLarge(maxBytes);
    await this.open();
    await yieldToForeground();
    received.append(chunk);
    if (arrival !== undefined) arrival.receivedBytes = received.length;
    onChunk?.(chunk, received.length);
    if (received.isDue) await this.#flush();
  }

  begin({ etag, announcedBytes }: SourceMetadata): void {
    this.etag = etag;
    if (this.#options.arrival !== undefined) this.#options.arrival.totalBytes = announcedBytes;
  }

  async reset(): Promise<void> {
    this.#received = new ReceivedBytes();
    if (this.#options.arrival !== undefined) this.#options.arrival.receivedBytes = 0;
    this.#options.onReset?.();
    await (await this.#opening)?.reset();
  }

  async complete(proof: Proof): Promise<void> {
    const received = this.#received;
    const readBack = received.isKept ? undefined : await (await this.#flush()).bytes();
    this.#image = {
      ...this.#options.inspect(readBack ?? received.peek(this.#options.scratch), proof),
      size: received.length,
      body: () => readBack ?? received.join(),
    };
  }

  /** The complete image. */
  get image(): ReceivedImage {
    if (this.#image !== undefined) return this.#image;
    throw new ImageCacheError('INTERNAL', 'The download ended before its bytes were inspected.');
  }

  /** Completes the temporary file. */
  async finish(fsync: boolean): Promise<WrittenBlob> {
    const writer = await this.#flush();
    return writer.finish(fsync);
  }

  /** Removes the temporary file, unless it has been moved to its final name. Never rejects. */
  async discard(): Promise<void> {
    const writer = await this.#opening?.catch(() => undefined);
    await writer?.discard();
  }

  async #flush(): Promise<BlobWriter> {
    const writer = await this.open();
    await writer.write(this.#received.take());
    return writer;
  }
}

/** Such an image would evict all others, and would itself be evicted next (T61). */
function tooLarge(maxBytes: number): ImageCacheError {
  return new ImageCacheError('IMAGE_TOO_LARGE', `The image is larger than its limit of ${maxBytes} bytes.`, {
    hint: 'Raise `maxSize`, or the quota of the actor.',
  });
}
