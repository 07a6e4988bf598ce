import type { CacheTier } from '../../plugin/protocol.ts';
import { askedImage, unsignedUrl } from './imageName.ts';
import type { Loads } from './loads.ts';

/** Where the picture of an element came from. */
export interface Origin {
  /** `origin`: the element loads the URL of a bucket by itself, past the cache. `unknown`: it is through the cache, and no more is told. */
  from: CacheTier | 'browser' | 'cdn' | 'origin' | 'failed' | 'unknown';
  /** What the inspector knows the image by: its URL without a signature, its `local_path`, or the reference of an upload. */
  image: string;
  /** The milliseconds it took, if they are known. */
  ms?: number | undefined;
  /** Why it failed, as a code, if the page has been told. */
  code?: string | undefined;
  isSimulated?: boolean | undefined;
}

/** What has to be known beside the element. */
interface OriginContext {
  baseUrl: string | undefined;
  imageBase: string | undefined;
  loads: Pick<Loads, 'of'>;
  hasFailed: boolean;
}

/**
 * Finds out where the picture of an element came from.
 * @param baseUrl of the API, absolute; `undefined` if there is none
 * @param imageBase the same of a CDN
 * @param hasFailed whether the element shows no picture, since its URL could not be loaded
 * @returns `undefined` while it loads, and for pictures that no cache can hold: those of the app itself, `data:` and `blob:`
 */
export function originOf(
  { currentSrc, complete, dataset }: Pick<HTMLImageElement, 'currentSrc' | 'complete' | 'dataset'>,
  { baseUrl, imageBase, loads, hasFailed }: OriginContext,
): Origin | undefined {
  const code = dataset['imageCacheError'];
  if (!URL.canParse(currentSrc) || (!complete && code === undefined)) return undefined;
  const base = [baseUrl, imageBase].find((each) => currentSrc.startsWith(`${each}/`));
  if (base === undefined && !mayBeCached(currentSrc)) return undefined;
  const { from: told = 'unknown', ms, isSimulated } = loads.of(currentSrc);
  // A CDN sends the `Server-Timing` of the answer that it has kept.
  const from = base === undefined ? 'origin' : base === imageBase && told !== 'browser' ? 'cdn' : told;
  const image = base === undefined ? unsignedUrl(currentSrc) : askedImage(currentSrc, base);
  return { from: hasFailed || code !== undefined ? 'failed' : from, image, ms, code, isSimulated };
}

/** Whether it is the URL of something that the cache could hold. The files of the app itself are of its own origin. */
function mayBeCached(url: string): boolean {
  const { protocol, origin } = new URL(url);
  return protocol.startsWith('http') && origin !== location.origin;
}
