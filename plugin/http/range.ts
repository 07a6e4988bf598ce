/** First and last byte, both included. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * The one range a request asks for (RFC 9110, 14.2). `undefined`: answer with the whole, which is what a malformed
 * header, another unit, or several ranges get, too (many small ones cost more than the whole). `'unsatisfiable'`: 416.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  if (header === undefined) return undefined;
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim()) ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return undefined;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return undefined; // invalid, so ignored
  return first >= size ? 'unsatisfiable' : { first, last };
}
