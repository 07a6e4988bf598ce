import { ImageCacheError } from '../../errors.ts';
import type { BlobWriter, WrittenBlob } from '../files/blobWriter.ts';
import type { InspectedImage, Inspector } from '../inspector.ts';
import type { Sink } from '../source.ts';

export interface ImageSinkOptions {
  /** Called once, when the first byte comes or before. */
  createWriter: () => Promise<BlobWriter>;
  inspect: Inspector;
  maxBytes: number;
  /** Awaited for every chunk: resolves when nothing more urgent is on its way. */
  standAside: () => Promise<void> | undefined;
  onChunk?: (chunk: Uint8Array, size: number) => void;
  onReset?: () => void;
}

/** Takes the bytes of a download into a temporary file, and finds out whether they are a whole image. */
export class ImageSink implements Sink {
  readonly #options: ImageSinkOptions;
  #writer: BlobWriter | undefined;
  #size = 0;
  #image: (InspectedImage & { body: Buffer }) | undefined;

  constructor(options: ImageSinkOptions) {
    this.#options = options;
  }

  /** Makes the temporary file, so that a directory that cannot be written to is noticed before the origin is asked. */
  async open(): Promise<BlobWriter> {
    this.#writer ??= await this.#options.createWriter();
    return this.#writer;
  }

  async write(chunk: Uint8Array): Promise<void> {
    const { maxBytes, standAside, onChunk } = this.#options;
    this.#size += chunk.length;
    if (this.#size > maxBytes) throw tooLarge(maxBytes);
    await standAside();
    onChunk?.(chunk, this.#size);
    const writer = await this.open();
    await writer.write(chunk);
  }

  async reset(): Promise<void> {
    this.#size = 0;
    this.#options.onReset?.();
    await this.#writer?.reset();
  }

  async complete(): Promise<void> {
    const writer = await this.open();
    const body = await writer.bytes();
    this.#image = { ...this.#options.inspect(body), body };
  }

  /** The whole image. */
  get image(): InspectedImage & { body: Buffer } {
    if (this.#image !== undefined) return this.#image;
    throw new ImageCacheError('INTERNAL', 'The download ended without a look at its bytes.');
  }

  /** Ends the temporary file. */
  async finish(sync: boolean): Promise<WrittenBlob> {
    const writer = await this.open();
    return writer.finish(sync);
  }

  /** Removes the temporary file unless it has moved to its own place. Never rejects. */
  async discard(): Promise<void> {
    await this.#writer?.discard();
  }
}

/** It could only push everything else out, and would be the next to go (T61). */
function tooLarge(maxBytes: number): ImageCacheError {
  return new ImageCacheError('IMAGE_TOO_LARGE', `The image is larger than the ${maxBytes} bytes it may take up.`, {
    hint: 'Raise `maxSize`, or the quota of the actor.',
  });
}
