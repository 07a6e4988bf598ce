import { ImageCacheError } from '../errors.ts';
import type { UploadsClock } from './clock.ts';
import { imageIdOf } from './pictureName.ts';
import { isForbidden, type PictureUses } from './pictureUse.ts';
import type { ReferenceKeys } from './referenceKeys.ts';
import { type UploadBucket, UploadFailure } from './uploadBucket.ts';

/** So long after its first step a deletion may still delete; after that it has to begin anew. See `FLAG_MS`. */
const ACT_MS = 60_000;
const UNFLAG_MS = 5_000;

export interface DeletionOptions {
  bucket: UploadBucket;
  keys: ReferenceKeys;
  uses: PictureUses;
  /** The key of a picture. */
  keyOf: (pictureName: string) => string;
  /** Whether only pictures may be deleted that were stored while references were kept. */
  isCountedOnly: boolean;
  graceMs: number;
  clock: UploadsClock;
}

/** `used`: something uses it. `early`: nothing does, and its time has not come. `uncounted`: it was here before references were kept. */
export type DeletionOutcome = 'deleted' | 'used' | 'early' | 'uncounted';

/**
 * Deletes a picture from the bucket, if it has been marked for long enough, and nothing uses it. Every step may be the last one, may be done
 * twice, and by several servers at once. docs/architecture.md says why that is safe.
 * @throws UploadFailure; then nothing was deleted, or it is not known
 */
export async function deletePicture(
  name: string,
  options: DeletionOptions,
  signal: AbortSignal,
): Promise<DeletionOutcome> {
  const { bucket, keys, uses, keyOf, isCountedOnly, graceMs, clock } = options;
  const imageId = imageIdOf(name);
  const started = clock.now();
  const ensureTimely = () => {
    const elapsed = clock.now() - started;
    if (elapsed < 0 || elapsed > ACT_MS) throw tooLate(); // before the first step: the clock was put back
  };
  const flag = keys.flag(imageId);
  // It is not there yet. Those who may not delete are found out by that, before they leave a flag behind.
  await bucket.remove(flag, signal);
  await bucket.mark(flag, signal);
  // What was asked and not answered may still be done. Then the flag stays until that cannot be any more.
  let isAnswered = true;
  try {
    const use = await uses.look(imageId, signal);
    if (!use.flags.includes(flag)) throw lagging();
    const mark = await bucket.look(keys.mark(name), signal);
    if (await uses.isUsed(imageId, use, signal)) {
      if (mark !== undefined) await unmark(name, options, signal, ensureTimely);
      return 'used';
    }
    // After the references were looked at: who drops one marks the picture anew before that.
    if (mark === undefined || !isOver(use.now - mark.modifiedAt, graceMs)) return 'early';
    const object = await bucket.look(keyOf(name), signal);
    if (isCountedOnly && object?.isCounted === false) {
      await bucket.remove(keys.mark(name), signal);
      return 'uncounted';
    }
    await bucket
      .remove(keyOf(name), signal, () => {
        ensureTimely();
        isAnswered = false;
      })
      .catch((error: unknown) => {
        isAnswered ||= isForbidden(error);
        throw error;
      });
    isAnswered = true;
    await unmark(name, options, signal, ensureTimely);
    for (const old of use.oldFlags) await bucket.remove(old, signal);
    return 'deleted';
  } finally {
    // Also when this server is being closed: a flag that is left behind holds up uploads of the picture.
    if (isAnswered) await bucket.remove(flag, AbortSignal.timeout(UNFLAG_MS)).catch(() => undefined);
  }
}

/** A time that is not known has not passed. */
export function isOver(elapsedMs: number, graceMs: number): boolean {
  return graceMs === 0 || elapsedMs >= graceMs;
}

/**
 * Takes the mark from a picture that is used, or gone; puts it back if the picture is there and nothing uses it: the last reference may have been
 * dropped in this moment. A note of it is written before that, so that a sweep puts the mark back where this could not end.
 */
async function unmark(
  name: string,
  { bucket, keys, uses, keyOf }: DeletionOptions,
  signal: AbortSignal,
  ensureTimely: () => void,
): Promise<void> {
  const note = keys.unmarking(name);
  await bucket.mark(note, signal);
  await bucket.remove(keys.mark(name), signal, ensureTimely);
  const imageId = imageIdOf(name);
  const isUsed = await uses.isUsed(imageId, await uses.look(imageId, signal), signal);
  if (!isUsed && (await bucket.look(keyOf(name), signal)) !== undefined) await bucket.mark(keys.mark(name), signal);
  await bucket.remove(note, signal);
}

function tooLate(): UploadFailure {
  return new UploadFailure(
    'transient',
    new ImageCacheError('UPSTREAM_TIMEOUT', 'The bucket has taken too long for a picture to be deleted.', {
      hint: 'It is tried again.',
    }),
  );
}

function lagging(): UploadFailure {
  return new UploadFailure(
    'blocked',
    new ImageCacheError('UPSTREAM_ERROR', 'The bucket does not list an object that was written right before.', {
      hint: 'Nothing is deleted from such a bucket, because it cannot be known what uses a picture. S3, R2, MinIO and Ceph list at once.',
    }),
  );
}
