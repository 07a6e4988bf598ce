import type { Upload, UploadPhase } from './imageUploads.ts';

/** What is known of the pictures of an entity: those that wait, and those that were uploaded in the last seven days. */
export interface EntityImages {
  /** Whether there are pictures whose upload goes on, or will. */
  readonly hasPendingImageUploads: boolean;
  /** Whether others do not have everything yet: a picture that is not in the bucket, for whatever reason, or of which the app is still to be told. */
  readonly hasUnsyncedImages: boolean;
  /** How many uploads go on, or will: also those that are paused, or wait until somebody acts; not those that have failed. */
  readonly pendingImageCount: number;
  /** URLs of the pictures that the bucket has: as `onStored` is told them, each once. */
  readonly syncedImageUrls: readonly string[];
  /** References of the pictures that the bucket does not have, each once: only this browser, or the server's outbox, has their bytes, if any. */
  readonly localOnlyImageRefs: readonly string[];
  /** In the order in which they were added; those that were canceled or removed, too. */
  readonly uploads: readonly Upload[];
}

const PENDING: ReadonlySet<UploadPhase> = new Set([
  'saving',
  'pending',
  'uploading',
  'processing',
  'blocked',
  'paused',
]);

export function entityImages(
  uploads: readonly Upload[],
  urlOf: (imageRef: string) => string | undefined,
): EntityImages {
  const pendingImageCount = uploads.filter(({ status }) => PENDING.has(status)).length;
  const stored = uploads.filter(({ status }) => status === 'uploaded');
  const local = uploads.filter(({ status }) => status !== 'uploaded' && status !== 'canceled');
  const refs = new Set(stored.flatMap(({ ref }) => ref ?? []));
  return {
    hasPendingImageUploads: pendingImageCount > 0,
    hasUnsyncedImages: local.length > 0 || stored.some(({ link }) => link !== null && link.status !== 'linked'),
    pendingImageCount,
    syncedImageUrls: unique(stored.flatMap(({ ref, s3Url }) => s3Url || (ref && (urlOf(ref) ?? ref)) || [])),
    // A second copy of a picture that the bucket has is not only here.
    localOnlyImageRefs: unique(local.flatMap(({ ref }) => (ref === undefined || refs.has(ref) ? [] : ref))),
    uploads,
  };
}

function unique(texts: readonly string[]): string[] {
  return Array.from(new Set(texts));
}
