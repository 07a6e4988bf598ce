import { type ReactNode, type RefCallback, useCallback, useLayoutEffect } from 'react';
import { CachedImage, getProxiedImageUrl } from 'vite-plugin-image-cache/react';
import type { SceneImageProps, Side } from './scene.ts';
import { noteNumber, tell, watch } from './watch.ts';

/** The URLs of a scene's images, as a backend has signed them: now, and a minute later. */
export interface SignedUrls {
  urls: readonly string[];
  newer: readonly string[];
}

/** What a scene may show. */
export interface Pictures extends SignedUrls {
  drawing: string;
}

/** What a layout shows its images with. */
export function createImage(side: Side, { urls, newer }: SignedUrls): (props: SceneImageProps) => ReactNode {
  return function SceneImage(props: SceneImageProps): ReactNode {
    const { n = 0, label = String(n), src, isSignedAnew = false, isFromS3 = false, isDecoded = false, ...rest } = props;
    const ref: RefCallback<HTMLImageElement> = useCallback(
      (img: HTMLImageElement | null) => (img ? watch(label, img, isDecoded) : undefined),
      [label, isDecoded],
    );
    useLayoutEffect(() => noteNumber(label, n), [label, n]);
    const attributes = {
      alt: `Picture ${label}`,
      ...rest,
      ref,
      onLoad: () => tell(label, 'load at the prop'),
      onError: () => tell(label, 'error at the prop'),
    };
    const url = src ?? (n === null ? undefined : (isSignedAnew ? newer : urls)[n]);
    if (side === 'ours') return <CachedImage s3_url={url} {...attributes} />;
    return <PlainImage {...attributes} url={src ?? (n === null ? undefined : urls[n])} isFromS3={isFromS3} />;
  };
}

interface PlainImageProps extends SceneImageProps {
  ref: RefCallback<HTMLImageElement>;
  url: string | undefined;
  isFromS3: boolean;
}

/** The attributes of an `<img>` without those that are ours. */
function PlainImage(props: PlainImageProps): ReactNode {
  const {
    url,
    isFromS3,
    // oxlint-disable no-unused-vars -- what is no attribute is named to be left out
    actor_id,
    fallback,
    placeholder,
    thumbhash,
    widths,
    retries,
    refreshUrl,
    keepPrevious,
    recyclingKey,
    onCacheStatus,
    // oxlint-enable no-unused-vars
    ...attributes
  } = props;
  // oxlint-disable-next-line jsx-a11y/alt-text -- `alt` is among the attributes
  return <img {...attributes} src={isFromS3 ? url : proxy(url)} />;
}

const proxied = new Map<string, string>();

/** The URL that reads through our server. What the page learns later gives another one, and an `<img>` keeps the one it has. */
export function proxy(url: string | undefined): string | undefined {
  if (!url) return url;
  const src = proxied.get(url) ?? getProxiedImageUrl(url);
  proxied.set(url, src);
  return src;
}
