/** Servers of other origins to which cookies are sent. The number is limited, because an app configures only a few base URLs. */
const trusted = /* @__PURE__ */ new Set<string>();

/** Sets whether cookies are sent to a server even if it is of another origin. */
export function setCredentials(
  baseUrl: string | undefined,
  credentials: 'same-origin' | 'include' = 'same-origin',
): void {
  if (baseUrl === undefined) return;
  if (credentials === 'include') trusted.add(baseUrl);
  else trusted.delete(baseUrl);
}

/** The `credentials` for `fetch` and EventSource. */
export function credentialsOf(baseUrl: string): 'same-origin' | 'include' {
  return trusted.has(baseUrl) ? 'include' : 'same-origin';
}

/**
 * The `crossorigin` attribute for an `<img>` that shows an image of this server. A server of another origin needs it, because its
 * `Cross-Origin-Resource-Policy` refuses requests without CORS from other pages. On the page's own origin it changes nothing.
 */
export function crossOriginOf(baseUrl: string | undefined): 'anonymous' | 'use-credentials' | undefined {
  if (baseUrl === undefined || !/^https?:/.test(baseUrl)) return undefined;
  return trusted.has(baseUrl) ? 'use-credentials' : 'anonymous';
}
