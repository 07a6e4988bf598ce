import { cacheableKey } from './imageKey.ts';
import { localUrl } from './imageUrl.ts';
import type { FreshUrls } from './refreshUrls.ts';
import type { Registry } from './registry.ts';
import { mapSrcSet, srcSetUrls } from './srcSet.ts';

/** What an element was asked to show. */
export interface ImageRequest {
  url: string | undefined;
  srcSet: string | undefined;
  /** Widths of a `srcSet` of variants, separated by commas; a text, so that it compares. */
  widths: string | undefined;
  actorId: string | undefined;
  mount: string | undefined;
  pageOrigin: string | undefined;
}

/** Where a source comes from, in the order they are tried. `spent`: none of them brought an image. */
type SourceStep = 'cached' | 'read-through' | 'original' | 'spent';

/** What an element shows now. It stays until it fails or the image behind it changes. */
export interface ImageSource {
  readonly step: SourceStep;
  readonly src: string | undefined;
  readonly srcSet: string | undefined;
  /** The URL that was asked for when this source was chosen: a later one may have a fresher signature. */
  readonly url: string | undefined;
}

/** The cacheable URLs of a request, with the keys of their objects. */
export type RequestedImages = ReadonlyMap<string, string>;

export function requestedImages({ url, srcSet, mount, pageOrigin }: ImageRequest): RequestedImages {
  const images = new Map<string, string>();
  if (mount === undefined) return images;
  for (const each of [url ?? '', ...srcSetUrls(srcSet)]) {
    const key = cacheableKey(each, pageOrigin);
    if (key) images.set(each, key);
  }
  return images;
}

/**
 * The best source there is: the cached copy when it is known, else a URL that reads through.
 * @param find what is known; of nothing, on the server and in the first render of its HTML
 * @param fresh URLs in place of those that were given
 */
export function chooseSource(
  request: ImageRequest,
  images: RequestedImages,
  find: Registry['get'],
  fresh?: FreshUrls,
): ImageSource {
  const { url, widths, actorId, mount } = request;
  if (mount === undefined || images.size === 0) return originalSource(request, fresh);

  const toLocal = (each: string): string => {
    const key = images.get(each);
    return key === undefined ? each : localUrl(mount, fresh?.get(each) ?? each, find(key), actorId);
  };
  const isKnown = [...images.values()].some((key) => find(key).entry);
  const source = mapSource(request, isKnown ? 'cached' : 'read-through', toLocal);
  const { src, srcSet } = source;
  if (widths === undefined || srcSet !== undefined || src === url) return source;
  // What the cache does not hold has no variants.
  return { ...source, srcSet: widths.replace(/\d+/g, (width) => `${src}&w=${width} ${width}w`) };
}

/** What to try after `source` failed. */
export function nextSource(
  source: ImageSource,
  request: ImageRequest,
  images: RequestedImages,
  registry: Registry,
  fresh?: FreshUrls,
): ImageSource {
  if (source.step === 'cached') {
    for (const key of images.values()) registry.doubt(key);
    return chooseSource(request, images, registry.get, fresh);
  }
  // The original's signature may have expired, and a newer one have come since.
  if (source.step === 'read-through' || source.url !== request.url) return originalSource(request, fresh);
  return { ...source, step: 'spent' };
}

function originalSource(request: ImageRequest, fresh: FreshUrls | undefined): ImageSource {
  return mapSource(request, 'original', (each) => fresh?.get(each) ?? each);
}

function mapSource({ url, srcSet }: ImageRequest, step: SourceStep, map: (url: string) => string): ImageSource {
  return { step, src: url && map(url), srcSet: srcSet && mapSrcSet(srcSet, map), url };
}
