import type { S3Request } from './request.ts';

/** What is signed of a request, rebuilt from the decoded request: however it was spelled, it has one canonical form. */
export function canonicalRequest(request: S3Request, signedHeaders: readonly string[], payloadHash: string): string {
  const query = [...request.query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`);
  const headers = signedHeaders.map((name) => {
    const values = request.headerValues(name).map((value) => value.trim().replace(/ +/g, ' '));
    // Node hands header bytes over as latin1; clients sign them as UTF-8.
    return `${name}:${Buffer.from(values.join(','), 'latin1').toString()}\n`;
  });
  return [
    request.method,
    encode(request.path).replaceAll('%2F', '/'),
    query.join('&'),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

/** RFC 3986 with only the unreserved characters left as they are. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
