import { ImageCacheError } from '../errors.ts';
import type { RemovedImage, UploadEntity, UploadRemoveRequest } from '../uploadProtocol.ts';
import type { Outbox } from './outbox.ts';
import type { PictureDeletion } from './pictureDeletion.ts';
import type { UploadRecord } from './uploadRecord.ts';

/** Pictures that are taken from the bucket at a time. */
const CONCURRENCY = 4;
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

  /** Whether the entity of an upload is losing its picture at the moment. */
  isRemoving({ owner, entity, picture }: Pick<UploadRecord, 'owner' | 'entity' | 'picture'>): boolean {
    if (picture === undefined) return false;
    return [...this.#running].some(
      (each) => each.owner === owner && each.names.has(picture.name) && isSame(entity, each.entity),
    );
  }

  /** @throws ImageCacheError if the bucket could not be asked: then it has to be sent again */
  async remove(owner: string, asked: UploadRemoveRequest): Promise<RemovedImage[]> {
    const { entity } = asked;
    const run = { owner, entity, names: new Set(asked.images.map(({ name }) => name)) };
    this.#running.add(run);
    try {
      return await this.#remove(owner, asked);
    } finally {
      this.#running.delete(run);
    }
  }

  async #remove(owner: string, { entity, images, job_ids = [] }: UploadRemoveRequest): Promise<RemovedImage[]> {
    const names = [...new Set(images.map(({ name }) => name))];
    // First of all, so that none of these comes into the bucket after it was looked at.
    for (const jobId of new Set([...(await this.#pendingOf(owner, entity, names)), ...job_ids])) {
      await this.#options.cancel(owner, jobId).catch((error: unknown) => {
        if (ImageCacheError.from(error).code !== 'UPLOAD_UNKNOWN') throw error; // it is of somebody else
      });
    }
    const removed = new Map<string, RemovedImage>();
    const left = names.values();
    const work = async () => {
      for (const name of left) removed.set(name, await this.#drop(owner, entity, name));
    };
    // All of it has ended when this has: an upload that came meanwhile waits for that.
    const outcomes = await Promise.allSettled(Array.from({ length: CONCURRENCY }, work));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return images.map(({ name }) => removed.get(name)).filter((image) => image !== undefined);
  }

  async #pendingOf(owner: string, entity: UploadEntity, names: readonly string[]): Promise<string[]> {
    const pending = await this.#options.outbox.pending();
    return pending
      .filter((each) => each.owner === owner && names.includes(each.picture.name) && isSame(each.entity, entity))
      .map(({ job_id }) => job_id);
  }

  async #drop(owner: string, entity: UploadEntity, name: string): Promise<RemovedImage> {
    const { deletion } = this.#options;
    if (deletion === undefined) return { name, state: 'kept', reason: DELETES_NOTHING };
    try {
      return await deletion.drop(owner, entity, name);
    } catch (error) {
      throw ofBucket(ImageCacheError.from(error));
    }
  }
}

/** What the bucket refuses is no fault of the client, which has to ask again. */
function ofBucket(error: ImageCacheError): ImageCacheError {
  if (error.status >= 502) return error;
  return new ImageCacheError('UPSTREAM_ERROR', error.message, { hint: error.hint, cause: error });
}

function isSame(entity: UploadEntity | undefined, { type, id }: UploadEntity): boolean {
  return entity?.type === type && entity.id === id;
}
