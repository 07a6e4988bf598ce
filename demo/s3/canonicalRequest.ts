import type { S3Request } from './request.ts';

/** The text of a request that is signed. It is made of the decoded request, so it is the same for each spelling. */
export function canonicalRequest(request: S3Request, signedHeaders: readonly string[], payloadHash: string): string {
  const query = [...request.query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`);
  const headers = signedHeaders.map((name) => {
    const values = request.headerValues(name).map((value) => value.trim().replace(/ +/g, ' '));
    // Node decodes headers as latin1, but clients sign them as UTF-8.
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

/** Percent-encodes all characters that are not unreserved in RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
