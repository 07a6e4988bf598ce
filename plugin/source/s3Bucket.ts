import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { type PictureToStore, type UploadBucket, UploadFailure } from '../uploads/index.ts';
import { readBody, readErrorBody, type BodyLimits } from './body.ts';
import { createBucketClient, type S3BucketOptions } from './bucketClient.ts';
import { checksumOf } from './checksum.ts';
import { systemClock, type Clock } from './clock.ts';
import { isEtag } from './etag.ts';
import { ERROR_BODY_LIMIT } from './s3Error.ts';
import type { S3Object } from './s3Object.ts';
import { createS3Objects } from './s3Objects.ts';
import { S3Refusal, withoutAnswer } from './uploadFailure.ts';
import type { UploadOperation } from './uploadSigner.ts';
import type { Resolve } from './vettedLookup.ts';

/** S3 asks to try a conditional write again that has met another one. */
const MAX_CONFLICTS = 3;
const CONFLICT_MS = 200;

/** What `PutObject` and `HeadObject` are asked that not every store takes. Learnt while the process lives. */
interface Support {
  /** `If-None-Match: *` */
  readonly condition: boolean;
  /** `x-amz-checksum-sha256` */
  readonly checksum: boolean;
}

/** What a store makes of a `PutObject`. `taken`: there is an object of this key already. */
type Written = 'written' | 'taken' | 'unknown-header';

/** Codes of a 400 that say what is wrong, so that it is not that the store does not know a header. */
const MEANT =
  /^(?:BadDigest|XAmzContentSHA256Mismatch|IncompleteBody|EntityTooLarge|RequestTimeout|ExpiredToken|InvalidToken|TokenRefreshRequired|AuthorizationHeaderMalformed|InvalidBucketName|KeyTooLongError)$/;

/** What the store shows of an object, held against the bytes. */
type Finding = { is: 'same'; etag: string } | { is: 'other' | 'absent' };

/**
 * A bucket as a place for pictures. Each is written by one `PutObject`, on the condition that its key is free where the store knows
 * conditions. That it is there is believed only when the store shows a checksum of the whole object, of its own making, or else when it was
 * read back: what a writer says in metadata proves nothing.
 * @param name of one of `buckets`
 */
export function createS3Bucket(
  options: S3BucketOptions,
  name: string,
  deps: { clock?: Clock; resolve?: Resolve } = {},
): UploadBucket {
  const clock = deps.clock ?? systemClock;
  const client = createBucketClient(options, name, clock, deps.resolve);
  const { objectOf, ask } = client;
  let supports: Support = { condition: true, checksum: true };

  /** The bytes as the store shows them. */
  async function compare(object: S3Object, picture: PictureToStore, signal: AbortSignal): Promise<Finding> {
    try {
      const shown = await ask(object, { method: 'HEAD' }, signal, async ({ headers }) =>
        compareHead(headers, picture),
      ).catch((error: unknown) => {
        if (!(error instanceof S3Refusal && isUnknownHeader(error))) throw error;
        return undefined; // it shows no checksums
      });
      return shown ?? (await ask(object, { method: 'GET' }, signal, (...answer) => compareBody(...answer, picture)));
    } catch (error) {
      if (error instanceof S3Refusal && error.answered === 404 && error.s3Code !== 'NoSuchBucket')
        return { is: 'absent' };
      throw error;
    }
  }

  async function write(
    object: S3Object,
    picture: PictureToStore,
    asked: Support,
    signal: AbortSignal,
  ): Promise<Written> {
    const { body, contentType, sha256: hex, isCounted } = picture;
    const sha256 = asked.checksum ? Buffer.from(hex, 'hex').toString('base64') : undefined;
    const put: UploadOperation = {
      method: 'PUT',
      body,
      contentType,
      sha256,
      isConditional: asked.condition,
      isCounted,
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await ask(object, put, signal, (response, limits) => readErrorBody(response, ERROR_BODY_LIMIT, limits));
        return 'written';
      } catch (error) {
        if (!(error instanceof S3Refusal)) throw error;
        if (error.answered === 412 && asked.condition) return 'taken';
        if (isUnknownHeader(error) && (asked.condition || asked.checksum)) return 'unknown-header';
        if (error.answered !== 409 || attempt === MAX_CONFLICTS) throw error;
        await clock.sleep(CONFLICT_MS * clock.random(), signal);
        signal.throwIfAborted();
      }
    }
  }

  async function store(
    picture: PictureToStore,
    signal: AbortSignal,
    beforeProof: ((signal: AbortSignal) => Promise<void>) | undefined,
  ): Promise<{ etag: string }> {
    const object = objectOf(picture.key);
    for (
      let asked = supports;
      ;
      asked = asked.condition ? { ...asked, condition: false } : { ...asked, checksum: false }
    ) {
      if (!asked.condition) {
        // An object of other bytes would be overwritten. S3 says 403 of one that is not there to those who may not list.
        const before = await compare(object, picture, signal).catch((error: unknown): Finding => {
          if (error instanceof S3Refusal && error.answered === 403) return { is: 'absent' };
          throw error;
        });
        if (before.is === 'same') {
          if (beforeProof === undefined) return before;
          await beforeProof(signal);
          return proven(await compare(object, picture, signal), object);
        }
        if (before.is === 'other') throw otherBytes(object);
      }
      const outcome = await write(object, picture, asked, signal);
      if (outcome === 'unknown-header') continue;
      supports = asked;
      await beforeProof?.(signal);
      const finding = await compare(object, picture, signal);
      if (outcome === 'taken' && finding.is === 'other') throw otherBytes(object);
      return proven(finding, object);
    }
  }

  return {
    ...createS3Objects(client),
    urlOf: (key) => objectOf(key).key,
    async store(picture, signal, beforeProof) {
      try {
        return await store(picture, signal, beforeProof);
      } catch (error) {
        throw withoutAnswer(error);
      }
    },
    close: () => client.close(),
  };
}

/** @throws UploadFailure if it is not there, or has other bytes */
function proven(finding: Finding, object: S3Object): { etag: string } {
  if (finding.is === 'same') return finding;
  throw notThere(object, finding.is);
}

/** By the checksum that the store has made itself; `undefined` if it shows none of the whole object. */
function compareHead(headers: IncomingHttpHeaders, { body }: PictureToStore): Finding | undefined {
  if (headers['content-length'] !== undefined && Number(headers['content-length']) !== body.length)
    return { is: 'other' };
  const { 'content-md5': _, ...checksums } = headers; // may be what the writer has said
  const checksum = checksumOf(checksums);
  if (checksum === undefined) return undefined;
  checksum.update(body);
  try {
    checksum.verify();
    return { is: 'same', etag: etagIn(headers) };
  } catch {
    return { is: 'other' };
  }
}

/** By reading it back. */
async function compareBody(
  response: IncomingMessage,
  limits: BodyLimits,
  { sha256 }: PictureToStore,
): Promise<Finding> {
  const hash = createHash('sha256');
  for await (const chunk of readBody(response, limits)) hash.update(chunk);
  return hash.digest('hex') === sha256 ? { is: 'same', etag: etagIn(response.headers) } : { is: 'other' };
}

function etagIn({ etag = '' }: IncomingHttpHeaders): string {
  return isEtag(etag) ? etag : '';
}

/** R2 and others answer 501 to headers that they do not implement, and some 400. */
function isUnknownHeader({ answered, s3Code = '' }: S3Refusal): boolean {
  return answered === 501 || (answered === 400 && !MEANT.test(s3Code));
}

function otherBytes({ key }: S3Object): UploadFailure {
  return new UploadFailure(
    'refused',
    new ImageCacheError('ID_CONFLICT', `The bucket has other bytes under ${key}.`, {
      hint: 'The key is the digest of the picture, so somebody has written something else there. Look at the object, and remove it if it should not be there.',
    }),
  );
}

function notThere({ bucket }: S3Object, is: 'other' | 'absent'): UploadFailure {
  const what = is === 'absent' ? 'does not have it' : 'shows other bytes';
  return new UploadFailure(
    'transient',
    new ImageCacheError('UPSTREAM_CHECKSUM', `The bucket ${bucket.name} has taken a picture, and ${what}.`, {
      hint: 'It is tried again. If it happens more often, look for what removes or changes objects in the bucket.',
    }),
  );
}
