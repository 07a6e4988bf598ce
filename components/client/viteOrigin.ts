/**
 * Where the API is when the page is a backend's (Rails, Laravel, Django) that loads its modules from Vite on another port: where those
 * come from. Empty for the page's own origin.
 * @param moduleUrl the URL of a module of ours
 * @param page absent on a server, which `told` is for
 * @param told Vite's `server.origin`, if it is set
 */
export function viteOrigin(moduleUrl: string, page: { origin: string } | undefined, told: string | undefined): string {
  if (page === undefined) return told ?? '';
  const { protocol, origin } = new URL(moduleUrl);
  // What a server renders and what a browser does must be the same, so it is absolute on its own origin, too, if it was told.
  return protocol.startsWith('http') && (told !== undefined || origin !== page.origin) ? origin : '';
}
