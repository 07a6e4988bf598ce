import type { ComponentPropsWithRef, ReactNode, RefObject } from 'react';
import type { ManifestEntry } from '../plugin/protocol.ts';
import type { ImagePropsInput } from './client/imageProps.ts';
import type { RefreshUrl } from './client/refreshUrls.ts';
import type { CacheStatus } from './client/resourceTiming.ts';

export interface CachedImageOptions extends Pick<ImagePropsInput, 'actor_id' | 'srcSet' | 'widths'> {
  /** Shown when no source brought an image. */
  fallback?: string | undefined;
  /** How often an image that failed is asked for again, if its error may pass: after 1 s, 2 s, 4 s … @default 2 */
  retries?: number | undefined;
  /** Asked for a URL with a fresh signature when one has expired. @default that of the provider */
  refreshUrl?: RefreshUrl | undefined;
  /** Whether the picture of another object stays until the new one is there. @default false */
  keepPrevious?: boolean | undefined;
  /** When this changes, nothing of the earlier picture stays: in a virtual list, the id of the row. */
  recyclingKey?: string | undefined;
  /**
   * As the attribute: a `lazy` one that is not cached is fetched when the element that has the `ref` comes near the viewport.
   * @default 'eager'
   */
  loading?: 'eager' | 'auto' | 'lazy' | undefined;
  /** Called when an image has loaded, if it can be told where it came from. */
  onCacheStatus?: ((status: CacheStatus) => void) | undefined;
}

/** What `<CachedImage>` says about its image: it takes the props of an `<img>`, so `loading` is `auto` by default. */
export interface ImageOptions extends Omit<CachedImageOptions, 'fallback'> {
  /** Only a URL is a source of the image. `<CachedImage>` renders anything else itself. */
  fallback?: ReactNode;
  /** `high`: as `loading: 'eager'`. */
  fetchPriority?: 'high' | 'low' | 'auto' | undefined;
}

/** All attributes of an `<img>`, and options for its image. */
export interface CachedImageProps
  // `Omit` makes one type of what is a union in Preact 11. It loses these four there, so they are named again.
  extends Omit<ComponentPropsWithRef<'img'>, never>, Omit<CachedImageOptions, 'srcSet' | 'fallback' | 'loading'> {
  alt?: string | undefined;
  title?: string | undefined;
  'aria-label'?: string | undefined;
  'aria-labelledby'?: string | undefined;
  /** Any URL of the image: presigned, bare, or `s3://bucket/key`. The same as `src`, and stronger. */
  s3_url?: string | undefined;
  /** Shown when no source brought an image: the URL of another image, or something to render in place of the `<img>`. */
  fallback?: ReactNode;
  /**
   * `blur`: while the image loads, a blurred version of it, if the cache knows one. For an image that is cached, or may be, only when
   * it takes more than 200 ms. @default 'empty'
   */
  placeholder?: 'blur' | 'empty' | undefined;
  /** A thumbhash (base64) for `placeholder="blur"`. @default the one that the cache knows */
  thumbhash?: string | undefined;
}

/** The state of one image. `ref` and `onError` belong on the `<img>` that shows `src`. */
export interface CachedImageState {
  /** `undefined` while the cache is asked whether it has the image, and while the server fetches it. */
  src: string | undefined;
  srcSet: string | undefined;
  /**
   * `cached`: served by the cache; `loading`: on its way into it; `original`: the URL as given, because there is
   * no server, the cache cannot hold it, or the cache failed; `error`: no source brought an image.
   */
  status: 'cached' | 'loading' | 'original' | 'error';
  /** The attribute that `src` needs when the cache is at another origin. */
  crossOrigin: 'anonymous' | 'use-credentials' | undefined;
  /** Whether the `<img>` has loaded it. */
  isLoaded: boolean;
  /** The image's entry in the cache; `null`: not cached; `undefined`: not known yet. */
  entry: ManifestEntry | null | undefined;
  /** Starts over from the best source. */
  retry(): void;
  ref: (img: HTMLImageElement | null) => void;
  /** Moves on to the next source. @returns whether there was one, or may be; only when not is the image an error */
  onError(): boolean;
}

/** With what `<CachedImage>` alone needs to know. */
export interface ImageState extends CachedImageState {
  /** There is nothing to show yet: the server is asked whether the image is cached, is fetching it, or is asked what is wrong. */
  isPending: boolean;
  isHydrating: boolean;
  element: RefObject<HTMLImageElement | null>;
}
