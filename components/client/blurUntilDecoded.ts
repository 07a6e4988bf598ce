/** A cached image is there sooner, unless the network is slow: a blur would only flash. */
const CACHED_DELAY_MS = 200;

/** How to take away the blurred pictures that are shown now. */
const blurred = new WeakMap<HTMLImageElement, () => void>();

/**
 * Shows what a picture looks like from far away until it is decoded. A half-loaded JPEG looks bad, so it is kept out of sight
 * meanwhile. Nothing fades or moves. A picture that is already there gets no blur.
 * @param hash a thumbhash, base64
 * @param isSlow whether the picture is known not to be cached
 * @param until aborted when it is too late to begin
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
  // Not cleared by an error: another source may follow.
  img.addEventListener('load', () => void img.decode().then(clear, clear), { once: true });
}

/** @returns `undefined` when it is no thumbhash */
async function decode(hash: string): Promise<string | undefined> {
  try {
    const { thumbHashToDataURL } = await import('./thumbHash.ts');
    return thumbHashToDataURL(Uint8Array.from(atob(hash), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
