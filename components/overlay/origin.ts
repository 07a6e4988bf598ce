import type { CacheTier } from '../../plugin/protocol.ts';
import { askedImage, unsignedUrl } from './imageName.ts';
import type { Loads } from './loads.ts';

/** Where the picture of an element came from. */
export interface Origin {
  /** `origin`: the element loads the URL of a bucket by itself, past the cache. `unknown`: it is through the cache, and no more is told. */
  from: CacheTier | 'browser' | 'origin' | 'failed' | 'unknown';
  /** What the inspector knows the image by: its URL without a signature, its `local_path`, or the reference of an upload. */
  image: string;
  /** The milliseconds it took, if they are known. */
  ms?: number | undefined;
  /** Why it failed, as a code, if the page has been told. */
  code?: string | undefined;
  isSimulated?: boolean | undefined;
}

/**
 * Finds out where the picture of an element came from.
 * @param baseUrl of the API, absolute; `undefined` if there is none
 * @param hasFailed whether the element shows no picture, since its URL could not be loaded
 * @returns `undefined` while it loads, and for pictures that no cache can hold: those of the app itself, `data:` and `blob:`
 */
export function originOf(
  { currentSrc, complete, dataset }: Pick<HTMLImageElement, 'currentSrc' | 'complete' | 'dataset'>,
  { baseUrl, loads, hasFailed }: { baseUrl: string | undefined; loads: Pick<Loads, 'of'>; hasFailed: boolean },
): Origin | undefined {
  const code = dataset['imageCacheError'];
  if (!URL.canParse(currentSrc) || (!complete && code === undefined)) return undefined;
  const isCached = baseUrl !== undefined && currentSrc.startsWith(`${baseUrl}/`);
  if (!isCached && !mayBeCached(currentSrc)) return undefined;
  const image = isCached ? askedImage(currentSrc, baseUrl) : unsignedUrl(currentSrc);
  const { from = 'unknown', ms, isSimulated } = loads.of(currentSrc);
  const isFailed = hasFailed || code !== undefined;
  return { from: isFailed ? 'failed' : isCached ? from : 'origin', image, ms, code, isSimulated };
}

/** Whether it is the URL of something that the cache could hold. The files of the app itself are of its own origin. */
function mayBeCached(url: string): boolean {
  const { protocol, origin } = new URL(url);
  return protocol.startsWith('http') && origin !== location.origin;
}
