import { S3Error } from './errors.ts';

/** A range of bytes that includes its last byte, as in `Content-Range`. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * The range of a `Range` header. As in S3, several ranges, other units and malformed headers are ignored, and the whole object is
 * sent.
 * @throws S3Error InvalidRange
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '');
  if (!match || header === undefined) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;

  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start >= size || (first === '' && Number(last) === 0)) {
    throw new S3Error('InvalidRange', {
      fields: { RangeRequested: header, ActualObjectSize: size },
      headers: { 'Content-Range': `bytes */${size}` },
    });
  }
  return { start, end };
}
