import { imageKey, isCacheable } from './imageKey.ts';
import { localUrl } from './imageUrl.ts';
import { type KnownImage, type Registry, UNKNOWN } from './registry.ts';
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
  const urls = [url, ...(srcSet === undefined ? [] : srcSetUrls(srcSet))];
  return new Map(urls.filter((each) => isCacheable(each, pageOrigin)).map((each) => [imageKey(each), each]));
}

/** The best source there is: the cached copy when it is known, else a URL that reads through. */
export function chooseSource(request: ImageRequest, registry: Registry): ImageSource {
  return localSource(request, (key) => registry.get(key));
}

/** Like {@link chooseSource} where nothing is known: on the server, and in the first render of its HTML. */
export function chooseServerSource(request: ImageRequest): ImageSource {
  return localSource(request, () => UNKNOWN);
}

/** What to try after `source` failed. */
export function nextSource(source: ImageSource, request: ImageRequest, registry: Registry): ImageSource {
  const { url, srcSet } = request;
  if (source.step === 'cached') {
    return localSource(request, (key) => ({
      entry: undefined,
      revision: registry.get(key).revision,
    }));
  }
  const original = { src: url, srcSet, url };
  if (source.step === 'read-through') return { step: 'original', ...original };
  // The signature that failed may have expired, and a newer one have come since.
  if (source.step === 'original' && source.url !== url) return { step: 'original', ...original };
  return { ...source, step: 'spent' };
}

function localSource(request: ImageRequest, find: (key: string) => KnownImage): ImageSource {
  const { url, srcSet, actorId, mount, pageOrigin } = request;
  const images = requestedImages(request);
  if (mount === undefined || images.size === 0) return { step: 'original', src: url, srcSet, url };

  const known = new Map([...images.keys()].map((key) => [key, find(key)]));
  const toLocal = (each: string): string =>
    isCacheable(each, pageOrigin) ? localUrl(mount, each, known.get(imageKey(each)) ?? UNKNOWN, actorId) : each;
  return {
    step: [...known.values()].some(({ entry }) => entry) ? 'cached' : 'read-through',
    src: url === undefined ? undefined : toLocal(url),
    srcSet: srcSet === undefined ? undefined : mapSrcSet(srcSet, toLocal),
    url,
  };
}
