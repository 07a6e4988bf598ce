import { toEntity } from './entity.ts';
import { imageIdOf, pictureOf } from './imageRef.ts';
import type { ImageUploads } from './imageUploads.ts';
import type { Outbox } from './outbox/createOutbox.ts';
import { unknownImage } from './outbox/removeIn.ts';
import type { JobStore } from './queue/createJobStore.ts';
import { isHad } from './queue/jobState.ts';
import type { StoredJob } from './queue/storedJob.ts';

interface AddParts {
  readonly jobs: JobStore;
  readonly outbox: Outbox;
  readonly owner: string;
  /** In bytes. */
  readonly maxOutboxSize: number;
  now(): number;
  nextId(): string;
}

/** `addImage()` of `ImageUploads`. */
export function createAddImage(parts: AddParts): ImageUploads['addImage'] {
  const { jobs, outbox } = parts;
  return async (given, text) => {
    const entity = toEntity(given);
    const picture = pictureOf(text);
    // One that an earlier app has named by a UUID is never deleted.
    if (!picture && imageIdOf(text)) return;
    const find = (): StoredJob[] =>
      jobs.all().filter((job) => picture && job.body?.imageId === picture.imageId && isHad(job));
    // Another tab may have just saved it.
    if (find().length === 0) await jobs.load();
    const same = find();
    const twin = same.find(({ heldBytes }) => heldBytes !== undefined) ?? same[0];
    const ext = twin?.body?.ext ?? picture?.ext;
    if (!picture || ext === undefined) throw unknownImage();
    const { imageId } = picture;
    // What the bucket does not have yet is uploaded for this entity, too.
    const bytes = twin && (await outbox.bytesOf(twin));
    const job: StoredJob = {
      jobId: parts.nextId(),
      owner: parts.owner,
      state: 'prepared',
      revision: 1,
      entity,
      filename: twin?.filename ?? `${imageId}.${ext}`,
      type: twin?.type ?? `image/${ext === 'jpg' ? 'jpeg' : ext}`,
      size: twin?.size ?? 0,
      createdAt: parts.now(),
      body: twin?.body ?? { imageId, ext, sha256: imageId },
      prepareStarts: 0,
      attempts: 0,
      s3Url: twin?.s3Url,
      ...(bytes ? { heldBytes: bytes.size } : { isCopy: true }),
    };
    await jobs.add(job, await bytes?.arrayBuffer(), parts.maxOutboxSize);
  };
}
