/** How long no image is asked of a CDN after one of its images has failed, in milliseconds. */
const PAUSE_MS = 60_000;

/** When a CDN may be asked again. The number is limited, because an app configures only a few. */
const pausedUntil = /* @__PURE__ */ new Map<string, number>();

/** The base URL of the CDN, if there is one and none of its images has failed within the last minute. */
export function usableCdn(imageBase: string | undefined): string | undefined {
  return imageBase !== undefined && (pausedUntil.get(imageBase) ?? 0) <= Date.now() ? imageBase : undefined;
}

/**
 * Notes that a CDN could not provide an image. It may be that image alone, but whether the CDN is well cannot be asked, and for a minute the
 * server has to answer what it would have been asked anyway, had the CDN not been there.
 */
export function avoidCdn(imageBase: string): void {
  pausedUntil.set(imageBase, Date.now() + PAUSE_MS);
}
