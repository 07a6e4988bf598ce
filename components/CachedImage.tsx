'use client';

import { forwardRef, useEffect, useImperativeHandle } from 'react';
import type { CachedImageProps, ImageState } from './cachedImageTypes.ts';
import { useImage } from './useCachedImage.ts';
import { useExactAttribute } from './useExactAttribute.ts';

export type { CachedImageProps } from './cachedImageTypes.ts';

/**
 * An `<img>` that shows an S3 image from the cache. It is one element, with the given attributes and the ref, and nothing is added to
 * them. It shows the cached copy if the page knows of one. Otherwise the image is requested through the cache, either by the element
 * itself or by one call for all images of the page. The URL as given is tried last. `onError` is called only when all of these have
 * failed. A new signature of the same object changes nothing.
 *
 * While the server fetches the image, the element has no `src`, and an empty `alt`, so that browsers draw neither an icon nor the text;
 * the text is its `aria-label` meanwhile.
 * @example <CachedImage s3_url={presigned} alt="Training image" loading="lazy" style={{ maxWidth: '100%' }} />
 */
// `forwardRef`, because React 18 and Preact pass no `ref` prop to a function component.
export const CachedImage = forwardRef<HTMLImageElement, CachedImageProps>(function CachedImage(props, ref) {
  const {
    s3_url,
    src,
    sizes,
    alt,
    fallback,
    placeholder,
    thumbhash,
    // oxlint-disable no-unused-vars -- these props are options, or change on their way to the <img>, so they are left out of its attributes
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
  // Merges the app's ref with ours. React creates handles after it has attached the element.
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- an <img> that was replaced by the fallback must no longer be the handle
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
      // The server's HTML has URLs for the first images only, and a render in the browser cannot know which ones those are. Only set while
      // hydrating, because Preact renders it as an attribute.
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
 * Shows a blurred picture until the image has loaded. It does so at once if the image is known not to be cached, otherwise only if loading
 * takes longer.
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
 * Makes an element without a `src` look like an image that is still loading. With an empty `alt` it keeps its box, and browsers draw
 * neither the text nor an icon. Chromium and Firefox would draw a grey frame, unless the element has other content. Here that is an
 * `image-set()` with types that no browser knows: nothing is fetched or drawn for it, and it has no size (CSS Images 4, §2.4). When
 * this content is removed again, Firefox also lays out the text of an image that has failed, which it does not do for a new `alt`
 * alone. Limit: WebKit draws its frame whatever the content is. Two other ways do not work: with `content-visibility: hidden`,
 * Chromium counts the picture as a layout shift when it is shown, and a transparent gradient fills the window in WebKit. Screen readers
 * still read the label.
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
