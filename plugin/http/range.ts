/** First and last byte, both included. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * The range that a request asks for (RFC 9110, 14.2). `undefined`: answer with the whole. This is also the answer to a malformed
 * header, another unit, and several ranges (many small ones would cost more than the whole). `'unsatisfiable'`: answer 416.
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
