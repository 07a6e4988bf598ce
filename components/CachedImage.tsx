'use client';

import { type ReactNode, type SyntheticEvent, useCallback, useImperativeHandle, useRef } from 'react';
import type { CachedImageProps } from './cachedImageProps.ts';
import { useImage } from './useCachedImage.ts';
import { useIntrinsicSize } from './useIntrinsicSize.ts';
import { usePlaceholder } from './usePlaceholder.ts';

export type { CachedImageProps } from './cachedImageProps.ts';

/**
 * An `<img>` that shows an S3 image from the cache: one element, all attributes, the ref. It renders at once: the
 * cached copy when it is known, a URL that reads through the cache when not, the URL as given last, so `onError`
 * comes only when none of them brought an image. The same object under a new signature changes nothing.
 *
 * `width` and `height` come from the cache when it knows them, unless one of them, a `srcSet` or `widths` is given, or they
 * would distort the image under the page's CSS.
 * @example <CachedImage s3_url={presigned} alt="Training image" loading="lazy" style={{ maxWidth: '100%' }} />
 */
export function CachedImage(props: CachedImageProps): ReactNode {
  const {
    s3_url,
    src,
    srcSet,
    sizes,
    ref,
    fallback,
    placeholder,
    thumbhash,
    widths,
    // oxlint-disable no-unused-vars -- what is no attribute is named to be left out
    actor_id,
    retries,
    refreshUrl,
    keepPrevious,
    recyclingKey,
    onCacheStatus,
    // oxlint-enable no-unused-vars
    ...attributes
  } = props;
  const { width, height, onError } = attributes;
  const image = useImage(s3_url ?? src, props);
  const { ref: observe, entry, status } = image;
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
  // With candidates `sizes` says how wide it is shown, and the original's size would be stronger.
  const isSized = (width ?? height ?? srcSet ?? widths) !== undefined;
  const size = useIntrinsicSize(element, isSized ? undefined : entry, status);
  usePlaceholder(element, placeholder === 'blur' ? (thumbhash ?? entry?.placeholder) : undefined, image);

  const handleError = (event: SyntheticEvent<HTMLImageElement>): void => {
    if (!image.onError()) onError?.(event);
  };

  if (status === 'error' && fallback !== undefined && typeof fallback !== 'string') return fallback;
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
