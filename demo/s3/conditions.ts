import { S3Error } from './errors.ts';
import { header, type S3Request } from './request.ts';

/** The values that conditions are compared with. */
export interface Validators {
  etag: string;
  lastModified: number;
}

/**
 * Evaluates the conditions of a read, in the order of RFC 9110 section 13.2.2.
 * @param prefix `x-amz-copy-source-` for the source of a copy, which is never answered with 304
 * @throws S3Error PreconditionFailed
 */
export function evaluateReadConditions(request: S3Request, object: Validators, prefix = ''): 'send' | 'not-modified' {
  const ifMatch = header(request, `${prefix}if-match`);
  const ifUnmodifiedSince = toTime(header(request, `${prefix}if-unmodified-since`));
  if (ifMatch !== undefined) {
    if (!matches(ifMatch, object.etag)) throw preconditionFailed('If-Match');
  } else if (ifUnmodifiedSince !== undefined && object.lastModified > ifUnmodifiedSince) {
    throw preconditionFailed('If-Unmodified-Since');
  }

  const ifNoneMatch = header(request, `${prefix}if-none-match`);
  const ifModifiedSince = toTime(header(request, `${prefix}if-modified-since`));
  const unmodified =
    ifNoneMatch !== undefined
      ? matches(ifNoneMatch, object.etag)
      : ifModifiedSince !== undefined && object.lastModified <= ifModifiedSince;
  if (unmodified && prefix !== '') throw preconditionFailed('If-None-Match');
  return unmodified ? 'not-modified' : 'send';
}

/**
 * Checks the conditions of a write. It must be called in the same tick as the write itself, so that `If-None-Match: *` is atomic.
 * @throws S3Error PreconditionFailed, NoSuchKey, NotImplemented
 */
export function checkWriteConditions(request: S3Request, existing: Validators | undefined): void {
  const ifNoneMatch = header(request, 'if-none-match');
  // S3 accepts no ETag here: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw new S3Error('NotImplemented');
  if (ifNoneMatch !== undefined && existing !== undefined) throw preconditionFailed('If-None-Match');

  const ifMatch = header(request, 'if-match');
  if (ifMatch === undefined) return;
  if (existing === undefined) throw new S3Error('NoSuchKey', { fields: { Key: request.key } });
  if (!matches(ifMatch, existing.etag)) throw preconditionFailed('If-Match');
}

/** Whether a Range still applies (RFC 9110 section 13.1.5): only if the client's copy is this version. */
export function allowsRange(request: S3Request, object: Validators): boolean {
  const ifRange = header(request, 'if-range');
  if (ifRange === undefined) return true;
  return ifRange.startsWith('"') ? ifRange === object.etag : toTime(ifRange) === object.lastModified;
}

/** Whether a list of ETags, or `*`, matches. The quotes may be missing, because S3 allows that. */
function matches(list: string, etag: string): boolean {
  const bare = etag.replaceAll('"', '');
  return list.split(',').some((item) => {
    const candidate = item.trim().replace(/^W\//, '').replaceAll('"', '');
    return candidate === '*' || candidate === bare;
  });
}

/** Parses an HTTP date; an invalid one is ignored. */
function toTime(date: string | undefined): number | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : time;
}

function preconditionFailed(condition: string): S3Error {
  return new S3Error('PreconditionFailed', { fields: { Condition: condition } });
}
