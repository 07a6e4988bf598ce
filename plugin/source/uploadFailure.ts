import { ImageCacheError } from '../errors.ts';
import { UploadFailure } from '../uploads/index.ts';
import { elementOf, type ErrorAnswer } from './errorAnswer.ts';
import type { S3Object } from './s3Object.ts';
import type { UploadOperation } from './uploadSigner.ts';
import { TransientError } from './transientError.ts';

/** An answer of the bucket other than success. */
export class S3Refusal extends UploadFailure {
  readonly answered: number;
  /** S3's own word for it. */
  readonly s3Code: string | undefined;

  constructor(
    { status, body }: ErrorAnswer,
    object: S3Object,
    error: ImageCacheError,
    method: UploadOperation['method'],
  ) {
    const s3Code = elementOf(body, 'Code', /^[A-Z][A-Za-z]{2,47}$/);
    super(kindOf(error, status, s3Code), withUploadHint(error, s3Code, object, method));
    this.answered = status;
    this.s3Code = s3Code;
  }
}

/** Bytes that were changed on their way: those on disk were looked at right before. */
const DAMAGED = new Set<string | undefined>(['BadDigest', 'XAmzContentSHA256Mismatch', 'IncompleteBody']);

function kindOf(error: ImageCacheError, status: number, s3Code: string | undefined): UploadFailure['kind'] {
  if (status === 501) return 'refused';
  if (error instanceof TransientError || status === 408 || status === 409 || DAMAGED.has(s3Code)) return 'transient';
  return error.code === 'UPSTREAM_ERROR' ? 'refused' : 'blocked';
}

/** What came in place of an answer. */
export function withoutAnswer(error: unknown): UploadFailure {
  const failure = ImageCacheError.from(error);
  if (failure instanceof UploadFailure) return failure;
  const isAway = ['UPSTREAM_UNREACHABLE', 'UPSTREAM_TIMEOUT', 'UPSTREAM_TRUNCATED', 'OVERLOADED'].includes(
    failure.code,
  );
  return new UploadFailure(isAway ? 'unreachable' : 'blocked', failure);
}

/** Hints are about reading, elsewhere. */
function withUploadHint(
  error: ImageCacheError,
  s3Code: string | undefined,
  { bucket, objectKey }: S3Object,
  method: UploadOperation['method'],
): ImageCacheError {
  const isDenied = error.code === 'UPSTREAM_FORBIDDEN' && (s3Code === undefined || s3Code === 'AccessDenied');
  if (!isDenied) return error;
  const place = `arn:aws:s3:::${bucket.name}/${objectKey.replace(/(?:refs\/)?[^/]*\/[^/]*$/, '*')}`;
  return new ImageCacheError(error.code, error.message, {
    cause: error,
    hint: hintFor(method, place, bucket.name),
  });
}

function hintFor(method: UploadOperation['method'], place: string, bucketName: string): string {
  if (method === 'DELETE')
    return `To delete pictures that nothing uses, the credentials need s3:DeleteObject for ${place}.`;
  if (method === 'LIST')
    return `To see what uses a picture, the credentials need s3:ListBucket for arn:aws:s3:::${bucketName}.`;
  return `The credentials need s3:PutObject, and s3:GetObject to see what was stored, for ${place}.`;
}
