import type { ListedObjects, ObjectState, UploadBucket } from '../uploads/index.ts';
import { readErrorBody } from './body.ts';
import type { BucketClient } from './bucketClient.ts';
import { answeredAt } from './clockOffset.ts';
import { LISTING_LIMIT, parseListing } from './listing.ts';
import { ERROR_BODY_LIMIT } from './s3Error.ts';
import { S3Refusal, withoutAnswer } from './uploadFailure.ts';
import { COUNTED } from './uploadSigner.ts';

const EMPTY = { method: 'PUT', body: Buffer.alloc(0), contentType: 'application/octet-stream' } as const;

/** The small objects of a bucket: those that say what uses a picture. */
export function createS3Objects({
  objectOf,
  ask,
}: BucketClient): Pick<UploadBucket, 'look' | 'mark' | 'remove' | 'list'> {
  async function inWords<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      throw withoutAnswer(error);
    }
  }

  return {
    look: (key, signal) =>
      inWords(async () => {
        try {
          return await ask(objectOf(key), { method: 'HEAD' }, signal, async ({ headers }): Promise<ObjectState> => {
            const modifiedAt = Date.parse(headers['last-modified'] ?? '');
            return { key, modifiedAt, isCounted: headers[COUNTED.header] === COUNTED.value };
          });
        } catch (error) {
          if (error instanceof S3Refusal && error.answered === 404) return undefined;
          throw error;
        }
      }),

    mark: (key, signal) =>
      inWords(() =>
        ask(
          objectOf(key),
          { ...EMPTY, sha256: undefined, isConditional: false, isCounted: false },
          signal,
          async (...answer) => {
            await readErrorBody(answer[0], ERROR_BODY_LIMIT, answer[1]);
          },
        ),
      ),

    remove: (key, signal, ensureTimely) =>
      inWords(async () => {
        try {
          await ask(
            objectOf(key),
            { method: 'DELETE' },
            signal,
            (response, limits) => readErrorBody(response, ERROR_BODY_LIMIT, limits),
            ensureTimely,
          );
        } catch (error) {
          // S3 answers 204; some stores do not.
          if (!(error instanceof S3Refusal && error.answered === 404 && error.s3Code === 'NoSuchKey')) throw error;
        }
      }),

    list: (prefix, after, signal) =>
      inWords(() =>
        // The key is that of the place which is listed, for what a refusal says.
        ask(
          objectOf(`${prefix}*`),
          { method: 'LIST', prefix, after },
          signal,
          async (response, limits): Promise<ListedObjects> => {
            const xml = await readErrorBody(response, LISTING_LIMIT, limits);
            return { ...parseListing(xml, prefix), now: answeredAt(response.headers) };
          },
        ),
      ),
  };
}
