import { ImageCacheError } from '../../errors.ts';
import type { Sink, SourceMetadata } from '../injected/source.ts';

/**
 * Ends a download when its head has come: the question whether an object can be had, without its bytes. It is a GET, because a presigned URL
 * is signed for GET alone, so that HEAD would be refused.
 */
export class HeadOnly implements Sink {
  /** Of the object; `undefined` before the head of its answer. */
  etag: string | undefined;

  begin({ etag }: SourceMetadata): void {
    this.etag = etag;
    throw new ImageCacheError('ABORTED', 'The head is all that was asked for.');
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  reset(): Promise<void> {
    return Promise.resolve();
  }

  complete(): Promise<void> {
    return Promise.resolve();
  }
}
