'use client';

import { forwardRef, useEffect, useImperativeHandle } from 'react';
import type { CachedImageProps, ImageState } from './cachedImageTypes.ts';
import { useImage } from './useCachedImage.ts';
import { useExactAttribute } from './useExactAttribute.ts';

export type { CachedImageProps } from './cachedImageTypes.ts';

/**
 * An `<img>` that shows an S3 image from the cache: one element with all attributes and the ref, and nothing added to them. It shows the
 * cached copy if the page knows one; otherwise the image is asked for through the cache, by the element itself or by one call of the
 * page; last comes the URL as given. `onError` is called only when none of them brought an image. A new signature of the same object
 * changes nothing.
 *
 * While the server fetches the image, the element has no `src`, an empty `alt`, so that neither an icon nor the text is drawn, and the
 * text as its `aria-label`.
 * @example <CachedImage s3_url={presigned} alt="Training image" loading="lazy" style={{ maxWidth: '100%' }} />
 */
// Not by the `ref` prop: React 18 and Preact hand none to a function.
export const CachedImage = forwardRef<HTMLImageElement, CachedImageProps>(function CachedImage(props, ref) {
  const {
    s3_url,
    src,
    sizes,
    alt,
    fallback,
    placeholder,
    thumbhash,
    // oxlint-disable no-unused-vars -- these are no attributes of the <img>, or not as they were given, so they are left out
    srcSet,
    actor_id,
    widths,
    retries,
    refreshUrl,
    keepPrevious,
    recyclingKey,
    onCacheStatus,
    // oxlint-enable no-unused-vars
    ...attributes
  } = props;
  const image = useImage(s3_url ?? src, props);
  const { element, entry, status, isPending, isHydrating } = image;
  const isReplaced = status === 'error' && fallback !== undefined && typeof fallback !== 'string';
  // Merges the app's ref with ours. By the time handles are made, the element is attached.
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- an <img> that is replaced by the fallback is no handle any more
  useImperativeHandle(ref, () => element.current as HTMLImageElement, [isReplaced]);
  const crossOrigin = attributes.crossOrigin ?? image.crossOrigin;
  useExactAttribute(element, 'crossorigin', crossOrigin);
  useBlur(placeholder === 'blur' ? (thumbhash ?? entry?.placeholder) : undefined, image);

  if (isReplaced) return fallback;
  const isHydratingInBrowser = isHydrating && typeof document !== 'undefined';
  // Safari and Firefox fetch the wrong image when `src` comes before `loading`, `srcset` or `sizes`.
  return (
    // oxlint-disable-next-line jsx-a11y/alt-text -- `alt` is among the attributes
    <img
      {...attributes}
      {...(isPending ? pendingLook(alt, attributes) : { alt })}
      // The server's HTML has the URLs of the first images only, which no render in the browser can know. There alone: Preact makes
      // an attribute of it.
      suppressHydrationWarning={isHydratingInBrowser || attributes.suppressHydrationWarning}
      crossOrigin={crossOrigin}
      sizes={sizes}
      srcSet={image.srcSet}
      src={image.src}
      ref={image.ref}
      onError={(event) => {
        if (!image.onError()) attributes.onError?.(event);
      }}
    />
  );
});

/**
 * Shows a blurred picture until the image is loaded: at once when it is known not to be cached, otherwise only if that takes longer.
 * @param hash a thumbhash, base64
 */
function useBlur(hash: string | undefined, { element, entry, status, isLoaded }: ImageState): void {
  const isSlow = entry === null || status === 'original';
  useEffect(() => {
    const img = element.current;
    if (hash === undefined || isLoaded || !img) return;
    const over = new AbortController();
    void import('./client/blurUntilDecoded.ts').then(({ blurUntilDecoded }) =>
      blurUntilDecoded(img, hash, isSlow, over.signal),
    );
    return () => over.abort();
  }, [element, hash, isLoaded, isSlow]);
}

/**
 * How an element without a `src` looks like an image that is still loading. With an empty `alt` it has its box, and a browser draws
 * neither the text nor an icon. Chromium and Firefox draw a grey frame then, unless something else is its content. Of an
 * `image-set()` in which they know no type nothing is fetched, and it draws nothing and has no size (CSS Images 4, §2.4).
 * That content is taken away again also makes Firefox lay out the text of an image that has failed, which it does not for another
 * `alt` alone. WebKit draws its frame whatever the content is. (`content-visibility: hidden` takes the frame away, too, but
 * Chromium counts the picture as shifted when it is shown; a transparent gradient fills the window in WebKit.) A screen reader
 * still tells what it will be.
 */
function pendingLook(
  alt: string | undefined,
  { role = 'img', 'aria-label': label = alt, style }: CachedImageProps,
): CachedImageProps {
  return {
    alt: '',
    ...(alt && { role, 'aria-label': label }),
    style: { ...style, content: 'image-set("" type("image/none"))' },
  };
}
