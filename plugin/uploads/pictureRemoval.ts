import type { RemovedImage, UploadEntity } from '../uploadProtocol.ts';
import { deletePicture, type DeletionOptions, type DeletionOutcome } from './deletePicture.ts';
import { imageIdOf } from './pictureName.ts';

export interface RemovalOptions extends DeletionOptions {
  /** Told of each picture that is not in the bucket any more. Never rejects. */
  deleted: (pictureName: string) => Promise<void>;
}

/** Uploads by which an entity has pictures. */
export interface FoundUploads {
  jobIds: string[];
  /** Whether these are all; the others are found when these were taken back. */
  isComplete: boolean;
}

const USED = 'Something else uses this picture.';
const UNCOUNTED = 'This picture was in the bucket before references were kept, so it is not known what else uses it.';
const NOT_LISTED = 'It cannot be found out what else uses this picture. The log of the server says why.';

/** Takes pictures from their entities, and those that nothing uses from the bucket. */
export class PictureRemoval {
  readonly #options: RemovalOptions;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  /** The uploads by which an entity has a picture, as far as one listing goes. @throws UploadFailure */
  async uploadsOf(owner: string, entity: UploadEntity, name: string, signal: AbortSignal): Promise<FoundUploads> {
    const { isCountedOnly, uses, keys } = this.#options;
    const found = isCountedOnly ? await uses.referencesOf(imageIdOf(name), { owner, entity }, signal) : undefined;
    const { references = [], isComplete = true } = found ?? {};
    return { jobIds: references.flatMap((each) => keys.jobOf(each) ?? []), isComplete };
  }

  /**
   * An entity has a picture no more. May be called any number of times, and by several servers at once.
   * @param jobIds the uploads by which it had it: what is written by another one, before or after that, stays
   * @throws UploadFailure; then it has to be called again
   */
  async drop(
    owner: string,
    entity: UploadEntity,
    name: string,
    jobIds: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<RemovedImage> {
    const { isCountedOnly, uses, graceMs } = this.#options;
    const imageId = imageIdOf(name);
    if (isCountedOnly) await this.takeBack(owner, entity, name, { jobIds, isUnnamedToo: true }, signal);
    const use = await uses.lookIfAllowed(imageId, signal);
    if (use === undefined) return { name, state: 'kept', reason: NOT_LISTED };
    if (await uses.isUsed(imageId, use, signal)) return { name, state: 'kept', reason: USED };
    const since = await this.#unusedSince(name, signal);
    if (typeof since === 'object') return since;
    if (graceMs > 0) return { name, state: 'dropped', due_at: since + graceMs };
    const outcome = await this.delete(name, signal);
    if (outcome === 'deleted') return { name, state: 'deleted' };
    if (outcome === 'early') return { name, state: 'dropped', due_at: since };
    return { name, state: 'kept', reason: outcome === 'used' ? USED : UNCOUNTED };
  }

  /** @throws UploadFailure */
  async delete(name: string, signal: AbortSignal): Promise<DeletionOutcome> {
    const outcome = await deletePicture(name, this.#options, signal);
    if (outcome === 'deleted') await this.#options.deleted(name);
    return outcome;
  }

  /**
   * Only who holds references can drop them: so no client can have a picture deleted that was never theirs. The picture is marked before that,
   * so that an old mark cannot be taken for this one, and after it, because a deletion that has seen the references takes away the first mark.
   * @param isUnnamedToo also a reference of an earlier version, which does not say which upload has written it
   * @throws UploadFailure
   */
  async takeBack(
    owner: string,
    entity: UploadEntity,
    name: string,
    { jobIds, isUnnamedToo = false }: { jobIds: ReadonlySet<string>; isUnnamedToo?: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { bucket, uses, keys, keyOf } = this.#options;
    const found = await uses.referencesOf(imageIdOf(name), { owner, entity }, signal);
    const isOwn = (reference: string) => {
      const jobId = keys.jobOf(reference);
      return jobId === undefined ? isUnnamedToo : jobIds.has(jobId);
    };
    // Where the bucket may not be listed, those that there may be are removed by their names.
    const named = () => [
      ...(isUnnamedToo ? [keys.ofEntity(imageIdOf(name), { owner, entity })] : []),
      ...Array.from(jobIds, (job_id) => keys.reference(imageIdOf(name), { owner, entity, job_id })),
    ];
    const own = found?.references.filter(isOwn) ?? named();
    if (own.length === 0) return;
    const object = await bucket.look(keyOf(name), signal);
    const isDeletable = object?.isCounted !== false;
    if (isDeletable) await bucket.mark(keys.mark(name), signal);
    for (const reference of own) await bucket.remove(reference, signal);
    if (isDeletable) await bucket.mark(keys.mark(name), signal);
  }

  /** Since when nothing uses the picture, by the clock of the bucket; or what has become of it without that. */
  async #unusedSince(name: string, signal: AbortSignal): Promise<number | RemovedImage> {
    const { bucket, keys, keyOf, isCountedOnly } = this.#options;
    const mark = await bucket.look(keys.mark(name), signal);
    if (mark !== undefined) return mark.modifiedAt;
    const object = await bucket.look(keyOf(name), signal);
    if (object === undefined) return { name, state: 'deleted' };
    if (isCountedOnly && !object.isCounted) return { name, state: 'kept', reason: UNCOUNTED };
    await bucket.mark(keys.mark(name), signal);
    const marked = await bucket.look(keys.mark(name), signal);
    return marked?.modifiedAt ?? { name, state: 'kept', reason: USED }; // it is being uploaded again
  }
}
