/** Where a picture may come from, in the order in which they are tried. */
export type SourceName = 'variants' | 'cached' | 'read-through' | 'original' | 'fallback';

const ORDER: readonly SourceName[] = ['variants', 'cached', 'read-through', 'original', 'fallback'];

/** The attributes of an `<img>` that shows a source. */
export interface ImageUrls {
  readonly src: string | undefined;
  readonly srcSet: string | undefined;
  /** Needed when the cache is at another origin. */
  readonly crossOrigin?: 'anonymous' | 'use-credentials' | undefined;
}

/** The source that an element is loading or shows. It stays until it fails or the image behind it changes. */
export interface ImageSource extends ImageUrls {
  readonly name: SourceName;
}

/** How far the loading of one image is. */
export interface LoadState {
  /**
   * `unknown`: the cache is being asked whether it has the image, or the image is lazy and far away; `wanted`: it is not
   * cached, and the server is fetching it; `loading`: the element has the URLs of `source`; `loaded`: and shows them;
   * `recovering`: the cache and the original have failed, and the server is asked why; `failed`: no source brought an image.
   */
  readonly status: 'unknown' | 'wanted' | 'loading' | 'loaded' | 'recovering' | 'failed';
  /** The one that is loading, loaded, or failed last. */
  readonly source: ImageSource | undefined;
  /** How often all sources had failed before. */
  readonly tries: number;
  /** The cached copy has failed since the last try, so another event that the cache has one changes nothing. */
  readonly isCachedSpent?: boolean;
}

export type LoadEvent =
  /** The cache has the image. */
  | { type: 'cached' }
  /** The element is to load it through the cache by itself, as a plain `<img>` does. */
  | { type: 'ask' }
  /** The server is to fetch it. */
  | { type: 'want' }
  /** It is not wanted any more, or another image goes first. */
  | { type: 'drop' }
  /** Its URL has a signature now that is good. */
  | { type: 'renewed' }
  /** The server could not fetch it. `isExpired`: because of its signature, so the original has no better chance. */
  | { type: 'refused'; isExpired: boolean }
  | { type: 'load' }
  | { type: 'error' }
  /** The fault may be gone: another try is worth while. */
  | { type: 'retry' }
  /** The fault will not pass. */
  | { type: 'giveUp' };

/** What the reducer needs to know about the image. */
export interface ImageOptionsForLoad {
  /** The URLs by which a source is loaded now; `undefined` where the image has no such source. */
  urlsOf(name: SourceName): ImageUrls | undefined;
  /** Whether there is a server to ask what is wrong. */
  readonly canRecover: boolean;
}

const UNKNOWN_IMAGE: LoadState = { status: 'unknown', source: undefined, tries: 0 };

/**
 * The state after an event. A pure function: `test/components/client/imageLoad.test.ts` has the table of every state and event. An event
 * that a state does not know changes nothing, and returns the same object.
 */
export function reduce(state: LoadState, event: LoadEvent, image: ImageOptionsForLoad): LoadState {
  const { status } = state;
  const isPending = status === 'unknown' || status === 'wanted';
  const isRecoverable = status === 'recovering' || hasFailed(state);
  switch (event.type) {
    case 'cached':
      return isPending || (isRecoverable && !state.isCachedSpent) ? begin(state, 'variants', image) : state;
    case 'ask':
      // Of several candidates some may be cached.
      return isPending ? begin(state, 'cached', image) : state;
    case 'want':
      return status === 'unknown' ? { ...state, status: 'wanted' } : state;
    case 'drop': {
      const isAsking = status === 'loading' && state.source?.name === 'read-through';
      return status === 'wanted' || isAsking ? { ...state, status: 'unknown', source: undefined } : state;
    }
    case 'renewed':
      return status === 'unknown' ? { ...state } : state;
    case 'refused':
      if (status !== 'wanted') return state;
      return event.isExpired && image.canRecover ? { ...state, status: 'recovering' } : begin(state, 'original', image);
    case 'load':
      return status === 'loading' ? { ...state, status: 'loaded' } : state;
    case 'error':
      return status === 'loading' || status === 'loaded' ? afterError(state, image) : state;
    case 'retry':
      // An image that was given up begins anew.
      return isRecoverable
        ? { status: 'wanted', source: undefined, tries: hasFailed(state) ? 0 : state.tries + 1 }
        : state;
    case 'giveUp':
      return status === 'recovering' ? begin(state, 'fallback', image) : state;
  }
}

function afterError(state: LoadState, image: ImageOptionsForLoad): LoadState {
  const { source } = state;
  if (!source) return state;
  const { name } = source;
  // The app may have come by a fresh signature since the old one was asked for.
  const isRenewed = name === 'original' && image.urlsOf(name)?.src !== source.src;
  if (isRenewed) return begin(state, name, image);
  if (name === 'original' && image.canRecover) return { ...state, status: 'recovering' };
  const after = name === 'cached' ? { ...state, isCachedSpent: true } : state;
  return begin(after, ORDER[ORDER.indexOf(name) + 1], image);
}

/** Loads the first source there is, from this one on. */
function begin(state: LoadState, from: SourceName | undefined, image: ImageOptionsForLoad): LoadState {
  for (const name of from === undefined ? [] : ORDER.slice(ORDER.indexOf(from))) {
    const urls = image.urlsOf(name);
    if (urls) return { ...state, status: 'loading', source: { name, ...urls } };
  }
  return { ...state, status: 'failed' };
}

/** Whether no source has brought an image: there is none, or the fallback is shown. */
export function hasFailed({ status, source }: LoadState): boolean {
  return status === 'failed' || source?.name === 'fallback';
}

/** An image as it begins: the best source that needs no question. */
export function beginLoad(image: ImageOptionsForLoad): LoadState {
  if (image.urlsOf('variants') ?? image.urlsOf('cached')) return begin(UNKNOWN_IMAGE, 'variants', image);
  // Without a server, and for images that no cache can hold, there is nothing to find out.
  return image.canRecover ? { ...UNKNOWN_IMAGE } : begin(UNKNOWN_IMAGE, 'original', image);
}
