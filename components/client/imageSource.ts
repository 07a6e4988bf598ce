import type { ManifestEntry } from '../../plugin/protocol.ts';
import { isOffline, isSharpMissing } from './config.ts';
import { crossOriginOf } from './crossOrigin.ts';
import { usableCdn } from './imageCdn.ts';
import { cacheableKey } from './imageKey.ts';
import type { ImageUrls, SourceName } from './imageLoad.ts';
import { localUrl } from './localUrl.ts';
import type { KnownImages } from './knownImages.ts';
import { simulatedOriginal } from './simulation.ts';
import type { RenewedUrls } from './refreshUrls.ts';
import { mapSrcSet, srcSetUrls } from './srcSet.ts';

/** What an element was asked to show. */
export interface ImageRequest {
  url: string | undefined;
  srcSet?: string | undefined;
  /** Widths of a `srcSet` of variants, separated by commas. It is a text, so that two of them can be compared. */
  widths?: string | undefined;
  actorId?: string | undefined;
  baseUrl: string | undefined;
  /** The base URL of the CDN for images that are known to be cached. */
  imageBase?: string | undefined;
  pageOrigin: string | undefined;
}

/** The cacheable URLs of a request, with the keys of their objects. The first is the main one. */
export type RequestedImages = ReadonlyMap<string, string>;

export function requestedImages({ url, srcSet, baseUrl, imageBase, pageOrigin }: ImageRequest): RequestedImages {
  const images = new Map<string, string>();
  if (baseUrl === undefined) return images;
  for (const each of [url ?? '', ...srcSetUrls(srcSet)]) {
    const key = cacheableKey(each, pageOrigin);
    // A URL of the cache itself, which may be at another origin, is used as it is.
    if (key && !each.startsWith(`${baseUrl}/`) && !each.startsWith(`${imageBase}/`)) images.set(each, key);
  }
  return images;
}

/**
 * The URLs by which a source of an image is loaded, as far as the page knows now; `undefined` if the image has no such source.
 * @param find returns what is known about an image. On a server, and in the first render over its HTML, nothing is known
 * @param renewedUrls used in place of those that were given
 * @example sourceUrls(request, images, known.get, undefined, 'cached')
 */
export function sourceUrls(
  request: ImageRequest,
  images: RequestedImages,
  find: KnownImages['get'],
  renewedUrls: RenewedUrls | undefined,
  name: Exclude<SourceName, 'fallback'>,
): ImageUrls | undefined {
  const { url, srcSet, widths, actorId, baseUrl } = request;
  const renewed = (each: string): string => renewedUrls?.get(each) ?? each;
  const map = (toUrl: (each: string) => string): ImageUrls => ({
    src: url && toUrl(url),
    srcSet: srcSet && mapSrcSet(srcSet, toUrl),
  });
  if (name === 'original') {
    const original = map(renewed);
    if (!import.meta.env?.DEV || baseUrl === undefined || images.size === 0) return original;
    return isOffline(baseUrl) ? undefined : simulatedOriginal(original, baseUrl, actorId);
  }
  if (baseUrl === undefined || images.size === 0) return undefined;

  const known = Array.from(images.values(), find);
  const [main] = known;
  if (known.some(({ entry }) => entry) === (name === 'read-through')) return undefined;
  // An element has one `crossorigin` for all candidates. And what it has loaded from the server, the browser has.
  const cdn = known.every(({ entry, loadedUrl }) => entry && !loadedUrl) ? usableCdn(request.imageBase) : undefined;
  const own = map((each) => {
    const key = images.get(each);
    return key === undefined ? each : localUrl(cdn ?? baseUrl, renewed(each), find(key), actorId);
  });
  const urls = { ...own, crossOrigin: crossOriginOf(cdn ?? baseUrl), cdn };
  const isWanted = name !== 'cached' && widths !== undefined && srcSet === undefined;
  const variants = isWanted ? variantSet(baseUrl, `${urls.src}`, widths, main?.entry) : undefined;
  return name === 'variants' && !variants ? undefined : { ...urls, srcSet: variants ?? urls.srcSet };
}

const BEST_FIRST = ['variants', 'cached', 'read-through', 'original'] as const;

/** The URLs of the best source of an image, as far as the page knows now. */
export function bestUrls(request: ImageRequest, known: KnownImages): ImageUrls | undefined {
  const images = requestedImages(request);
  for (const name of BEST_FIRST) {
    const urls = sourceUrls(request, images, known.get, undefined, name);
    if (urls) return urls;
  }
  return undefined;
}

/** Types of which the server makes variants. It serves all others as they are. */
const RESIZED = /jpe|png|gif|webp|avif|tif/;

/**
 * Candidates whose widths are true as far as the page knows. A browser computes the size of the picture from them, so with a wrong one an
 * `<img>` without a `width` has the wrong size.
 * @param entry of a cached image. One that is not known to be cached may turn out to be smaller than the app says
 */
function variantSet(
  baseUrl: string,
  src: string,
  widths: string,
  entry: ManifestEntry | null | undefined,
): string | undefined {
  // Only in development does the plugin say so.
  if (import.meta.env?.DEV && isSharpMissing(baseUrl)) {
    void import('./explainSetup.ts').then((module) => module.explainMissingSharp());
    return undefined;
  }
  if (entry && !RESIZED.test(entry.content_type)) return undefined;
  const most = entry?.width ?? Infinity;
  // The server enlarges nothing. A browser drops every candidate with the width of an earlier one (HTML, "update the source set").
  return widths.replace(/\d+/g, (width) => `${src}&w=${width} ${Math.min(+width, most)}w`);
}
