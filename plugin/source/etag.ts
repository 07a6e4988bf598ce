/** Whether an ETag may be sent on: printable ASCII of a sane length. It comes from the origin, or from a file. */
export function isEtag(etag: string): boolean {
  return /^[\u0021-\u007e]{1,256}$/.test(etag);
}
