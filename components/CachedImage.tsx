'use client';

import {
  type ComponentPropsWithRef,
  type ReactElement,
  type SyntheticEvent,
  useCallback,
  useImperativeHandle,
  useRef,
} from 'react';
import type { CacheStatus } from './client/resourceTiming.ts';
import { useCachedImage } from './useCachedImage.ts';
import { useIntrinsicSize } from './useIntrinsicSize.ts';

export interface CachedImageProps extends ComponentPropsWithRef<'img'> {
  /** Any URL of the image: presigned, bare, or `s3://bucket/key`. The same as `src`, and stronger. */
  s3_url?: string | undefined;
  /** Whose image it is, should it have to be downloaded. */
  actor_id?: string | undefined;
  /** Called when an image has loaded, if it can be told where it came from. */
  onCacheStatus?: ((status: CacheStatus) => void) | undefined;
}

/**
 * An `<img>` that shows an S3 image from the cache: one element, all attributes, the ref. It renders at once: the
 * cached copy when it is known, a URL that reads through the cache when not, the URL as given last, so `onError`
 * comes only when none of them brought an image. The same object under a new signature changes nothing.
 *
 * `width` and `height` come from the cache when it knows them, unless one of them or a `srcSet` is given, or they
 * would distort the image under the page's CSS.
 * @example <CachedImage s3_url={presigned} alt="Training image" loading="lazy" style={{ maxWidth: '100%' }} />
 */
export function CachedImage({
  s3_url,
  src,
  srcSet,
  sizes,
  actor_id,
  onCacheStatus,
  onError,
  ref,
  ...attributes
}: CachedImageProps): ReactElement {
  const image = useCachedImage(s3_url ?? src, { actor_id, srcSet, onCacheStatus });
  const { ref: observe } = image;
  const element = useRef<HTMLImageElement>(null);
  const attach = useCallback(
    (img: HTMLImageElement) => {
      element.current = img;
      return observe(img);
    },
    [observe],
  );
  // Merges the app's ref with ours. By the time handles are made, the element is attached.
  useImperativeHandle(ref, () => element.current as HTMLImageElement, []);

  const isSized = attributes.width !== undefined || attributes.height !== undefined || srcSet !== undefined;
  const size = useIntrinsicSize(element, isSized ? undefined : image.entry, image.status);

  const handleError = (event: SyntheticEvent<HTMLImageElement>): void => {
    if (!image.onError()) onError?.(event);
  };

  // Safari and Firefox fetch the wrong image when `src` comes before `loading`, `srcset` or `sizes`.
  return (
    // oxlint-disable-next-line jsx-a11y/alt-text -- `alt` is among the attributes
    <img
      {...attributes}
      {...size}
      sizes={sizes}
      srcSet={image.srcSet}
      src={image.src}
      ref={attach}
      onError={handleError}
    />
  );
}
