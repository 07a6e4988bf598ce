import { imageKey, isCacheable } from './imageKey.ts';
import { localUrl } from './imageUrl.ts';
import type { Registry } from './registry.ts';
import { mapSrcSet, srcSetUrls } from './srcSet.ts';

/** What an element was asked to show. */
export interface ImageRequest {
  url: string | undefined;
  srcSet: string | undefined;
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

/** The cacheable URLs of a request, by the key of their object. */
export function requestedImages({ url, srcSet, mount, pageOrigin }: ImageRequest): ReadonlyMap<string, string> {
  if (mount === undefined) return new Map();
  const urls = [url, ...srcSetUrls(srcSet ?? '')];
  return new Map(urls.filter((each) => isCacheable(each, pageOrigin)).map((each) => [imageKey(each), each]));
}

/**
 * The best source there is: the cached copy when it is known, else a URL that reads through.
 * @param find what is known; of nothing, on the server and in the first render of its HTML
 */
export function chooseSource(request: ImageRequest, find: Registry['get']): ImageSource {
  const { url, srcSet, actorId, mount } = request;
  const keys = [...requestedImages(request).keys()];
  if (mount === undefined || keys.length === 0) return originalSource(request);

  const toLocal = (each: string): string => {
    const key = imageKey(each);
    return keys.includes(key) ? localUrl(mount, each, find(key), actorId) : each;
  };
  return {
    step: keys.some((key) => find(key).entry) ? 'cached' : 'read-through',
    src: url && toLocal(url),
    srcSet: srcSet && mapSrcSet(srcSet, toLocal),
    url,
  };
}

/** What to try after `source` failed. */
export function nextSource(source: ImageSource, request: ImageRequest, registry: Registry): ImageSource {
  if (source.step === 'cached') {
    for (const key of requestedImages(request).keys()) registry.doubt(key);
    return chooseSource(request, registry.get);
  }
  // The original's signature may have expired, and a newer one have come since.
  if (source.step === 'read-through' || source.url !== request.url) return originalSource(request);
  return { ...source, step: 'spent' };
}

function originalSource({ url, srcSet }: ImageRequest): ImageSource {
  return { step: 'original', src: url, srcSet, url };
}
