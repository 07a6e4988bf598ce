/** A cached image usually loads faster than this, so that a blur would only flash up. */
const CACHED_DELAY_MS = 200;

/** Functions that remove the blurred pictures that are shown now. */
const blurred = new WeakMap<HTMLImageElement, () => void>();

/**
 * Shows a blurred version of a picture until it is decoded. The picture itself is hidden meanwhile, because a half-loaded JPEG looks bad.
 * Nothing fades or moves. A picture that has loaded already gets no blur.
 * @param hash a thumbhash, base64
 * @param isSlow whether the picture is known not to be cached
 * @param until aborted when the blur should not begin any more
 */
export async function blurUntilDecoded(
  img: HTMLImageElement,
  hash: string,
  isSlow: boolean,
  until: AbortSignal,
): Promise<void> {
  if (!isSlow) await new Promise((resolve) => setTimeout(resolve, CACHED_DELAY_MS));
  if (until.aborted) return;
  const url = await decode(hash);
  if (url === undefined || until.aborted || (img.complete && img.naturalWidth > 0)) return;
  blurred.get(img)?.();
  const { backgroundImage, backgroundSize, objectPosition } = img.style;
  const clear = (): void => {
    Object.assign(img.style, { backgroundImage, backgroundSize, objectPosition });
    blurred.delete(img);
  };
  blurred.set(img, clear);
  Object.assign(img.style, {
    backgroundImage: `url(${url})`,
    backgroundSize: '100% 100%',
    objectPosition: '-99999px',
  });
  // An error does not remove it, because another source may follow.
  img.addEventListener('load', () => void img.decode().then(clear, clear), { once: true });
}

/** @returns `undefined` if the text is not a thumbhash */
async function decode(hash: string): Promise<string | undefined> {
  try {
    const { thumbHashToDataURL } = await import('./thumbHash.ts');
    return thumbHashToDataURL(Uint8Array.from(atob(hash), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
