import type { IncomingMessage } from 'node:http';
import type { ImageCache, PrefetchOptions } from '../../cache/index.ts';
import { ImageCacheError } from '../../errors.ts';
import type { ItemError, ManifestEntry, PrefetchImage, PrefetchResult } from '../../protocol.ts';
import { AuthorizedImages } from '../authorizedImages.ts';
import type { HttpContext } from '../context.ts';
import type { Door } from './door.ts';

/** Puts the door in front of each image of a prefetch, and hides from pages what they could load without passing it. */
export class SimulatedImages extends AuthorizedImages {
  readonly #door: Door;

  constructor(context: Pick<HttpContext, 'authorize' | 'logger'> & { cache: ImageCache }, door: Door) {
    super(context);
    this.#door = door;
  }

  override async prefetch(
    request: IncomingMessage,
    image: PrefetchImage,
    actorId: string,
    options: PrefetchOptions,
  ): Promise<PrefetchResult> {
    if (!this.#door.isOn) return super.prefetch(request, image, actorId, options);
    const kind = options.priority === 'visible' ? 'visible' : 'background';
    const signal = options.signal ?? new AbortController().signal;
    const fate = await this.#door.pass({ request, kind, image: { url: image.s3_url }, actorId, signal });
    if (fate.is === 'failed') return failed(fate.key, fate.error.toItem());
    if (fate.is === 'left') return failed(fate.key, new ImageCacheError('ABORTED', 'The client has left.').toItem());
    const result = await super.prefetch(request, image, actorId, options);
    return fate.is === 'late' && fate.isCold && result.status === 'cached'
      ? { ...result, status: 'downloaded' }
      : result;
  }

  /**
   * A page that knows of a cached image loads it by its path, each with a connection of its own, of which a browser has six. An image that it
   * takes for missing comes with all others in one prefetch.
   */
  override async lookup(request: IncomingMessage, urls: readonly string[]): Promise<(ManifestEntry | undefined)[]> {
    const entries = await super.lookup(request, urls);
    return this.#door.isOn
      ? entries.map((entry) => (entry === undefined || this.#door.hides(entry) ? undefined : entry))
      : entries;
  }
}

function failed(s3_url: string, error: ItemError): PrefetchResult {
  return { s3_url, status: 'failed', error };
}
