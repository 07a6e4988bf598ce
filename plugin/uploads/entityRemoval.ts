import { ImageCacheError } from '../errors.ts';
import type {
  RemovedImage,
  UploadEntity,
  UploadFindAnswer,
  UploadFindRequest,
  UploadRemoveRequest,
} from '../uploadProtocol.ts';
import { bucketError } from './bucketError.ts';
import type { Outbox } from './outbox.ts';
import type { PictureDeletion } from './pictureDeletion.ts';
import type { UploadRecord } from './uploadRecord.ts';

/** Pictures that are taken from the bucket at a time. */
const CONCURRENCY = 4;
/** In one answer: a request that takes them back may have a thousand. */
const MAX_FOUND = 800;
const DELETES_NOTHING =
  'This server deletes nothing from the bucket: neither `uploads.references` nor `uploads.isReferenced` is set.';

export interface EntityRemovalOptions {
  outbox: Outbox;
  /** `undefined`: nothing is deleted from the bucket. */
  deletion: PictureDeletion | undefined;
  /** @throws ImageCacheError UPLOAD_UNKNOWN for one of somebody else */
  cancel: (owner: string, jobId: string) => Promise<unknown>;
}

/** Takes pictures from an entity, wherever they are by now. */
export class EntityRemoval {
  readonly #options: EntityRemovalOptions;
  readonly #running = new Set<{ owner: string; entity: UploadEntity; names: ReadonlySet<string> }>();

  constructor(options: EntityRemovalOptions) {
    this.#options = options;
  }

  /**
   * Whether the entity of an upload is losing its picture at the moment, by a request that does not say by which uploads it had it: then one that
   * comes meanwhile was meant after it.
   */
  isRemoving({ owner, entity, picture }: Pick<UploadRecord, 'owner' | 'entity' | 'picture'>): boolean {
    if (picture === undefined) return false;
    return [...this.#running].some(
      (each) => each.owner === owner && each.names.has(picture.name) && isSame(entity, each.entity),
    );
  }

  /** The uploads by which an entity has pictures: those that wait here, and those that the bucket has. @throws ImageCacheError */
  async find(owner: string, { entity, images }: UploadFindRequest): Promise<UploadFindAnswer> {
    const names = namesOf(images);
    const pending = await this.#pendingOf(owner, entity, names);
    const { deletion } = this.#options;
    const found = deletion === undefined ? [] : await each(names, (name) => deletion.uploadsOf(owner, entity, name));
    const all = [...new Set([...pending, ...found.flatMap(({ jobIds }) => jobIds)])];
    const is_complete = all.length <= MAX_FOUND && found.every(({ isComplete }) => isComplete);
    return { job_ids: all.slice(0, MAX_FOUND), is_complete };
  }

  /** @throws ImageCacheError if the bucket could not be asked: then it has to be sent again */
  async remove(owner: string, asked: UploadRemoveRequest): Promise<RemovedImage[]> {
    const { entity, images, job_ids = [] } = asked;
    const names = namesOf(images);
    if (asked.exact) return this.#take(owner, entity, names, new Set(job_ids));
    const run = { owner, entity, names: new Set(names) };
    this.#running.add(run);
    try {
      for (;;) {
        const found = await this.find(owner, asked);
        const removed = await this.#take(owner, entity, names, new Set([...found.job_ids, ...job_ids]));
        if (found.is_complete) return removed;
      }
    } finally {
      this.#running.delete(run);
    }
  }

  async #take(
    owner: string,
    entity: UploadEntity,
    names: readonly string[],
    jobIds: ReadonlySet<string>,
  ): Promise<RemovedImage[]> {
    // First of all, so that none of these comes into the bucket after it was looked at.
    for (const jobId of jobIds) {
      await this.#options.cancel(owner, jobId).catch((error: unknown) => {
        if (ImageCacheError.from(error).code !== 'UPLOAD_UNKNOWN') throw error; // it is of somebody else
      });
    }
    const { deletion } = this.#options;
    return each(names, async (name): Promise<RemovedImage> =>
      deletion === undefined
        ? { name, state: 'kept', reason: DELETES_NOTHING }
        : deletion.drop(owner, entity, name, jobIds),
    );
  }

  async #pendingOf(owner: string, entity: UploadEntity, names: readonly string[]): Promise<string[]> {
    const pending = await this.#options.outbox.pending();
    return pending
      .filter((each) => each.owner === owner && names.includes(each.picture.name) && isSame(each.entity, entity))
      .map(({ job_id }) => job_id);
  }
}

/** A few at a time. When it ends, all of it has ended. @throws ImageCacheError of the bucket */
async function each<T>(names: readonly string[], ask: (name: string) => Promise<T>): Promise<T[]> {
  const answers = new Map<string, T>();
  const left = names.values();
  const work = async () => {
    for (const name of left) answers.set(name, await ask(name));
  };
  const outcomes = await Promise.allSettled(Array.from({ length: CONCURRENCY }, work));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw bucketError(outcome.reason);
  return names.map((name) => answers.get(name)).filter((answer) => answer !== undefined);
}

function namesOf(images: UploadFindRequest['images']): string[] {
  return [...new Set(images.map(({ name }) => name))];
}

function isSame(entity: UploadEntity | undefined, { type, id }: UploadEntity): boolean {
  return entity?.type === type && entity.id === id;
}
