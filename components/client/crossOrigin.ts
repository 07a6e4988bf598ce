/** Servers of other origins that are sent cookies. Configuration, as `configured` in config.ts is: bounded by the bases of an app. */
const trusted = /* @__PURE__ */ new Set<string>();

/** Says whether a server is sent cookies although it is of another origin. */
export function setCredentials(
  mount: string | undefined,
  credentials: 'same-origin' | 'include' = 'same-origin',
): void {
  if (mount === undefined) return;
  if (credentials === 'include') trusted.add(mount);
  else trusted.delete(mount);
}

/** For `fetch` and EventSource. */
export function credentialsOf(mount: string): 'same-origin' | 'include' {
  return trusted.has(mount) ? 'include' : 'same-origin';
}

/**
 * The attribute of an `<img>` that shows an image of this server: of one that may be of another origin it is needed, since its
 * `Cross-Origin-Resource-Policy` keeps all pages out that do not ask by CORS. On its own origin it changes nothing.
 */
export function crossOriginOf(mount: string | undefined): 'anonymous' | 'use-credentials' | undefined {
  if (mount === undefined || !/^https?:/.test(mount)) return undefined;
  return trusted.has(mount) ? 'use-credentials' : 'anonymous';
}
