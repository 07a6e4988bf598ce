/** Where a picture may come from, in the order in which they are tried. */
export type SourceName = 'variants' | 'cached' | 'read-through' | 'original' | 'fallback';

const ORDER: readonly SourceName[] = ['variants', 'cached', 'read-through', 'original', 'fallback'];

/** The attributes of an `<img>` that shows a source. */
export interface ImageUrls {
  readonly src: string | undefined;
  readonly srcSet: string | undefined;
  /** Set if the cache is at another origin. */
  readonly crossOrigin?: 'anonymous' | 'use-credentials' | undefined;
  /** The base URL of the CDN that has the image. */
  readonly cdn?: string | undefined;
}

/** The source that an element is loading or shows. It stays until it fails or the image behind it changes. */
export interface ImageSource extends ImageUrls {
  readonly name: SourceName;
}

/** How far the loading of one image is. */
export interface LoadState {
  /**
   * `unknown`: the cache is being asked whether it has the image, or the image is lazy and far away; `wanted`: it is not cached, and
   * the server is fetching it; `loading`: the element has the URLs of `source`; `loaded`: the element shows them; `recovering`: the
   * cache and the original have failed, and the server is asked why; `failed`: all sources have failed.
   */
  readonly status: 'unknown' | 'wanted' | 'loading' | 'loaded' | 'recovering' | 'failed';
  /** The source that is loading, has loaded, or has failed last. */
  readonly source: ImageSource | undefined;
  /** How often all sources have failed already. */
  readonly tries: number;
  /** Set if the cached copy has failed since the last try. Another event that says that the image is cached then changes nothing. */
  readonly isCachedSpent?: boolean;
}

export type LoadEvent =
  /** The cache has the image. */
  | { type: 'cached' }
  /** The element should load the image through the cache by itself, as a plain `<img>` does. */
  | { type: 'ask' }
  /** The server should fetch the image. */
  | { type: 'want' }
  /** The image is no longer wanted, or another image goes first. */
  | { type: 'drop' }
  /** Its URL has a valid signature now. */
  | { type: 'renewed' }
  /** The server could not fetch the image. `isFinal`: its original URL would fail as well, or must not be asked. */
  | { type: 'refused'; isFinal: boolean }
  | { type: 'load' }
  | { type: 'error' }
  /** The problem may be gone, so another try is worth while. */
  | { type: 'retry' }
  /** The problem will not go away by itself. */
  | { type: 'giveUp' };

/** What the reducer needs to know about the image. */
export interface ImageOptionsForLoad {
  /** The URLs by which a source is loaded now; `undefined` if the image has no such source. */
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
      // Some of several candidates may be cached.
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
      return beginOrRecover(state, event.isFinal && image.canRecover ? 'fallback' : 'original', image);
    case 'load':
      return status === 'loading' ? { ...state, status: 'loaded' } : state;
    case 'error':
      return status === 'loading' || status === 'loaded' ? afterError(state, image) : state;
    case 'retry':
      // An image that was given up starts again. S3 may never answer the request for an original that it was sent during an outage.
      return isRecoverable || (status === 'loading' && state.source?.name === 'original')
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
  // The app may have passed a newer signature since this URL was requested, and what a CDN has not provided the server has.
  const isRenewed = (name === 'original' || source.cdn) && image.urlsOf(name)?.src !== source.src;
  if (isRenewed) return begin(state, name, image);
  const after = name === 'cached' ? { ...state, isCachedSpent: true } : state;
  return beginOrRecover(after, ORDER[ORDER.indexOf(name) + 1], image);
}

/** Loads the first source from this one on, after which only a fallback is left when the server was asked what is wrong. */
function beginOrRecover(state: LoadState, from: SourceName | undefined, image: ImageOptionsForLoad): LoadState {
  const next = begin(state, from, image);
  return hasFailed(next) && !hasFailed(state) && image.canRecover ? { ...state, status: 'recovering' } : next;
}

/** Loads the first source that the image has, beginning with this one. */
function begin(state: LoadState, from: SourceName | undefined, image: ImageOptionsForLoad): LoadState {
  for (const name of from === undefined ? [] : ORDER.slice(ORDER.indexOf(from))) {
    const urls = image.urlsOf(name);
    if (urls) return { ...state, status: 'loading', source: { name, ...urls } };
  }
  return { ...state, status: 'failed' };
}

/** Whether all sources of the image have failed. A fallback may be shown then. */
export function hasFailed({ status, source }: LoadState): boolean {
  return status === 'failed' || source?.name === 'fallback';
}

/** The first state of an image: it loads the best source for which the server need not be asked. */
export function beginLoad(image: ImageOptionsForLoad): LoadState {
  if (image.urlsOf('variants') ?? image.urlsOf('cached')) return begin(UNKNOWN_IMAGE, 'variants', image);
  // Without a server, and for images that no cache can hold, nothing needs to be looked up.
  return image.canRecover ? { ...UNKNOWN_IMAGE } : begin(UNKNOWN_IMAGE, 'original', image);
}
