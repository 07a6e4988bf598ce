/** Servers of other origins that are sent cookies. Configuration, as `configured` in config.ts is: bounded by the bases of an app. */
const trusted = /* @__PURE__ */ new Set<string>();

/** Says whether a server is sent cookies although it is of another origin. */
export function setCredentials(
  baseUrl: string | undefined,
  credentials: 'same-origin' | 'include' = 'same-origin',
): void {
  if (baseUrl === undefined) return;
  if (credentials === 'include') trusted.add(baseUrl);
  else trusted.delete(baseUrl);
}

/** For `fetch` and EventSource. */
export function credentialsOf(baseUrl: string): 'same-origin' | 'include' {
  return trusted.has(baseUrl) ? 'include' : 'same-origin';
}

/**
 * The attribute of an `<img>` that shows an image of this server: of one that may be of another origin it is needed, since its
 * `Cross-Origin-Resource-Policy` keeps all pages out that do not ask by CORS. On its own origin it changes nothing.
 */
export function crossOriginOf(baseUrl: string | undefined): 'anonymous' | 'use-credentials' | undefined {
  if (baseUrl === undefined || !/^https?:/.test(baseUrl)) return undefined;
  return trusted.has(baseUrl) ? 'use-credentials' : 'anonymous';
}
