/** Where the inspector is, or what it knows of one picture. It is only there in Vite's servers, as this demo is. */
export function inspectorUrl(s3Url?: string): string {
  const page = `${import.meta.env.BASE_URL}__image-cache/`;
  // Without the signature, which no address should contain.
  return s3Url === undefined ? page : `${page}#/images?image=${encodeURIComponent(s3Url.split('?', 1)[0] ?? '')}`;
}
