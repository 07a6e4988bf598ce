import type { RequestedImages } from './imageSource.ts';
import { problemOf } from './problemOf.ts';
import { type FreshUrls, type RefreshUrl, refreshUrls } from './refreshUrls.ts';

/** An image that is about to be asked for. */
export interface Renewal {
  /** What is to show it. */
  img: HTMLImageElement | null;
  mount: string | undefined;
  /** The first one is the main one. */
  images: RequestedImages;
  fresh: FreshUrls | undefined;
  actorId: string | undefined;
  refreshUrl: RefreshUrl;
}

/**
 * The URLs to ask for an image by. Those that say that they expire are renewed. That a signature is of no use any more may be
 * something that only S3 can tell; an element that shows a picture shows none while it finds that out, so the server is
 * asked beforehand.
 */
export async function renewUrls(renewal: Renewal): Promise<FreshUrls> {
  const { img, mount, images, fresh, actorId, refreshUrl } = renewal;
  const urls = await refreshUrls(images, fresh, refreshUrl);
  if (mount === undefined || !img?.complete || img.naturalWidth === 0) return urls;
  const [given = ''] = images.keys();
  const problem = await problemOf(mount, urls.get(given) ?? given, actorId);
  if (problem?.code !== 'UPSTREAM_EXPIRED') return urls;
  return refreshUrls(images, urls, refreshUrl, () => true);
}
