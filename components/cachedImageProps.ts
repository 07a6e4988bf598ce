import type { ComponentPropsWithRef, ReactNode } from 'react';
import type { CachedImageOptions } from './cachedImageState.ts';

/** All that an `<img>` takes, and what is said of its image. */
export interface CachedImageProps
  // `Omit` makes one type of what is a union in Preact 11. It loses these four there, so they are named again.
  extends
    Omit<ComponentPropsWithRef<'img'>, never>,
    Pick<
      CachedImageOptions,
      'actor_id' | 'widths' | 'retries' | 'refreshUrl' | 'keepPrevious' | 'recyclingKey' | 'onCacheStatus'
    > {
  alt?: string | undefined;
  title?: string | undefined;
  'aria-label'?: string | undefined;
  'aria-labelledby'?: string | undefined;
  /** Any URL of the image: presigned, bare, or `s3://bucket/key`. The same as `src`, and stronger. */
  s3_url?: string | undefined;
  /** Shown when no source brought an image: the URL of another, or what is rendered in place of the `<img>`. */
  fallback?: ReactNode;
  /**
   * `blur`: while the image comes, what it looks like from far away, if that is known. For what is cached, or may be, only
   * when it takes more than 200 ms. @default 'empty'
   */
  placeholder?: 'blur' | 'empty' | undefined;
  /** A thumbhash (base64) for `placeholder="blur"`. @default what the cache knows */
  thumbhash?: string | undefined;
}
