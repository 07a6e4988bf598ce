/** What the cache has is there sooner, unless the network is slow: a blur would only flash. */
const CACHED_DELAY_MS = 200;

/** Elements that have a blurred picture now, and how to take it away. */
const blurred = new WeakMap<HTMLImageElement, () => void>();

/**
 * Shows what a picture looks like from far away, until it is decoded: half of a JPEG is no sight, so it is kept out of sight
 * meanwhile. Nothing fades or moves. A picture that is there already gets none.
 * @param hash a thumbhash, base64
 * @param isSlow whether it is known not to be cached
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
  const stop = new AbortController();
  const clear = (): void => {
    stop.abort();
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
  const { signal } = stop;
  img.addEventListener(
    'load',
    () =>
      void img
        .decode()
        .catch(() => {})
        .finally(clear),
    { once: true, signal },
  );
}

/** @returns `undefined` for what is no thumbhash */
async function decode(hash: string): Promise<string | undefined> {
  try {
    const { thumbHashToDataURL } = await import('./thumbHash.ts');
    return thumbHashToDataURL(Uint8Array.from(atob(hash), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
