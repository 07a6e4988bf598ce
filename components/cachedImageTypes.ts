import type { ComponentPropsWithRef, ReactNode, RefObject } from 'react';
import type { ManifestEntry } from '../plugin/protocol.ts';
import type { ImagePropsInput } from './client/imageProps.ts';
import type { RefreshUrl } from './client/refreshUrls.ts';
import type { CacheStatus } from './client/resourceTiming.ts';

export interface CachedImageOptions extends Pick<ImagePropsInput, 'actor_id' | 'srcSet' | 'widths'> {
  /** A URL that is shown when all sources have failed. */
  fallback?: string | undefined;
  /** How often a failed image is requested again if its error may be temporary: after 1 s, 2 s, 4 s … @default 2 */
  retries?: number | undefined;
  /** Returns a URL with a fresh signature when one has expired. @default that of the provider */
  refreshUrl?: RefreshUrl | undefined;
  /** Whether the picture of the previous object stays until the new one has loaded. @default false */
  keepPrevious?: boolean | undefined;
  /** When this changes, the previous picture is removed at once. In a virtual list, use the id of the row. */
  recyclingKey?: string | undefined;
  /**
   * Like the attribute of an `<img>`: a `lazy` image that is not cached is fetched when the element with the `ref` comes near the viewport.
   * @default 'eager'
   */
  loading?: 'eager' | 'auto' | 'lazy' | undefined;
  /** Called when an image has loaded, if it is known where it came from. */
  onCacheStatus?: ((status: CacheStatus) => void) | undefined;
}

/** The options that `<CachedImage>` passes on. As for an `<img>`, the default of `loading` is `auto`. */
export interface ImageOptions extends Omit<CachedImageOptions, 'fallback'> {
  /** A URL is a further source of the image. `<CachedImage>` renders anything else itself. */
  fallback?: ReactNode;
  /** `high` counts as `loading: 'eager'`. */
  fetchPriority?: 'high' | 'low' | 'auto' | undefined;
}

/** All attributes of an `<img>`, and options for its image. */
export interface CachedImageProps
  // In Preact 11 the props are a union, which `Omit` makes into one type. That loses these four props, so they are named again.
  extends Omit<ComponentPropsWithRef<'img'>, never>, Omit<CachedImageOptions, 'srcSet' | 'fallback' | 'loading'> {
  alt?: string | undefined;
  title?: string | undefined;
  'aria-label'?: string | undefined;
  'aria-labelledby'?: string | undefined;
  /** Any URL of the image: presigned, bare, or `s3://bucket/key`. It means the same as `src`, and takes precedence. */
  s3_url?: string | undefined;
  /** Shown when all sources have failed: the URL of another image, or an element that is rendered in place of the `<img>`. */
  fallback?: ReactNode;
  /**
   * `blur` shows a blurred version of the image while it loads, if the cache knows one. If the image is or may be cached, it is shown only
   * after 200 ms. @default 'empty'
   */
  placeholder?: 'blur' | 'empty' | undefined;
  /** A thumbhash (base64) for `placeholder="blur"`. @default the one that the cache knows */
  thumbhash?: string | undefined;
}

/** The state of one image. Pass `ref` and `onError` to the `<img>` that shows `src`. */
export interface CachedImageState {
  /** `undefined` while the cache is asked whether it has the image, and while the server fetches it. */
  src: string | undefined;
  srcSet: string | undefined;
  /**
   * `cached`: the cache serves the image; `loading`: it is being fetched into the cache; `original`: the URL as given is shown, because
   * there is no server, the cache cannot hold the image, or the cache failed; `error`: all sources have failed.
   */
  status: 'cached' | 'loading' | 'original' | 'error';
  /** The attribute that `src` needs when the cache is at another origin. */
  crossOrigin: 'anonymous' | 'use-credentials' | undefined;
  /** Whether the `<img>` has loaded `src`. */
  isLoaded: boolean;
  /** The image's entry in the cache. `null`: it is not cached. `undefined`: this is not known yet. */
  entry: ManifestEntry | null | undefined;
  /** Starts again with the best source. */
  retry(): void;
  ref: (img: HTMLImageElement | null) => void;
  /** Moves on to the next source. @returns false if there is no further source, so that the image has failed */
  onError(): boolean;
}

/** The state with what only `<CachedImage>` needs. */
export interface ImageState extends CachedImageState {
  /** True while there is nothing to show: the server is looking the image up, is fetching it, or is asked why it failed. */
  isPending: boolean;
  isHydrating: boolean;
  element: RefObject<HTMLImageElement | null>;
}
