import type { Sink, SourceMetadata, ImageRef } from '../../plugin/cache/injected/source.ts';
import type { ImageCacheError } from '../../plugin/errors.ts';
import { bytesOf } from './cache.ts';
import { MemorySource } from './memorySource.ts';

/** An origin in memory whose objects change, and which answers conditional requests. */
export class VersionedSource extends MemorySource {
  /** The ETag of each request, in order. */
  readonly asked: (string | undefined)[] = [];
  failure: ImageCacheError | undefined;
  sendsEtags = true;
  /** Part of every ETag: an object that is written again with the same bytes may get another ETag. */
  edition = 1;
  readonly #versions: Map<string, number>;

  constructor() {
    const versions = new Map<string, number>();
    super((name) => bytesOf(`${name} ${versions.get(name) ?? 1}`));
    this.#versions = versions;
  }

  /** The object as it is now. */
  body(name: string): Buffer {
    return bytesOf(`${name} ${this.#versions.get(name) ?? 1}`);
  }

  change(name: string): void {
    this.#versions.set(name, (this.#versions.get(name) ?? 1) + 1);
  }

  override async download(
    object: ImageRef,
    sink: Sink,
    signal: AbortSignal,
    knownEtag?: string,
  ): Promise<SourceMetadata> {
    this.asked.push(knownEtag);
    const name = object.filename;
    const etag = this.etagOf(name);
    if (this.failure !== undefined) throw this.failure;
    if (etag !== '' && knownEtag === etag) {
      await this.delay(signal);
      return { etag, contentType: 'image/png', notModified: true };
    }
    return super.download(object, sink, signal);
  }

  protected override etagOf(name: string): string {
    return this.sendsEtags ? `"${name} ${this.#versions.get(name) ?? 1} ${this.edition}"` : '';
  }
}
