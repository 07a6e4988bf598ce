/** Words in the parameters of signatures. Two of them have short names: imgix's `s`, and that of links that nginx has signed. */
const SIGNATURE = /sig|token|key|polic|auth|hmac|md5|hash|[?&]s=/i;

/**
 * What the inspector knows an image by: its URL, without a signature, since the address of the inspector must not have one. It is shorter
 * than the list of signatures in `client/imageKey.ts`, and takes away more. Limit: with a signature, all other parameters but `versionId` go
 * as well.
 */
export function unsignedUrl(url: string): string {
  const { search, searchParams } = new URL(url);
  const bare = url.split(/[?#]/, 1)[0] ?? url;
  if (!SIGNATURE.test(search)) return bare + search;
  const version = searchParams.get('versionId');
  return version === null ? bare : `${bare}?versionId=${encodeURIComponent(version)}`;
}

/** What a URL of the API asks for: the URL or `local_path` of an image, or the reference of an upload (`i/<id>.jpg`). */
export function askedImage(url: string, baseUrl: string): string {
  const { searchParams } = new URL(url);
  const asked = searchParams.get('url');
  return (
    searchParams.get('path') ??
    (asked === null ? (url.slice(baseUrl.length + 1).split('?', 1)[0] ?? '') : unsignedUrl(asked))
  );
}
