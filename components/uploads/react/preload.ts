/** Between tries. After the last, the local picture stays as long as the element does. */
const DELAYS_MS = [0, 1_000, 5_000, 30_000, 120_000] as const;

/**
 * Loads and decodes a picture, so that an element that then gets its URL shows it at once.
 * @returns whether it has come
 */
export async function preload(
  url: string,
  crossOrigin: 'anonymous' | 'use-credentials' | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  for (const ms of DELAYS_MS) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    if (signal.aborted) return false;
    const image = new Image();
    image.crossOrigin = crossOrigin ?? null;
    image.src = url;
    const hasCome = await image.decode().then(
      () => true,
      () => false,
    );
    if (hasCome) return !signal.aborted;
  }
  return false;
}
