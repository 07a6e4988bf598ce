/**
 * The address of the inspector, with a slash at its end; `undefined` if the server is not Vite's.
 * @param baseUrl of the API
 */
export function inspectorUrl(baseUrl: string | undefined): string | undefined {
  if (baseUrl === undefined || typeof __IMAGE_CACHE__ === 'undefined') return undefined;
  const { base, inspector } = __IMAGE_CACHE__;
  if (inspector === undefined || !baseUrl.endsWith(base)) return undefined;
  return new URL(`${baseUrl.slice(0, -base.length)}${inspector}/`, location.href).href;
}

/** Where the inspector shows what is known of an image. @param image the key of its URL, without a signature, or its `local_path` */
export function detailsUrl(inspector: string, image: string): string {
  return `${inspector}#/images?image=${encodeURIComponent(image)}`;
}
