import { ImageCacheError } from '../errors.ts';
import type { UploadAddRequest } from '../uploadProtocol.ts';
import { bucketError } from './bucketError.ts';
import type { Outbox } from './outbox.ts';
import type { PictureDeletion } from './pictureDeletion.ts';
import type { UploadBucket } from './uploadBucket.ts';

export interface EntityAdditionOptions {
  outbox: Pick<Outbox, 'find'>;
  bucket: Pick<UploadBucket, 'look'>;
  /** `undefined`: what uses pictures is not kept. */
  deletion: PictureDeletion | undefined;
  keyOf: (pictureName: string) => string;
}

/** Gives a picture that the bucket has to one more entity. It is an upload without bytes, and takes the same steps in the bucket. */
export class EntityAddition {
  readonly #options: EntityAdditionOptions;
  readonly #closing = new AbortController();

  constructor(options: EntityAdditionOptions) {
    this.#options = options;
  }

  /**
   * May be repeated, and done by several servers at once.
   * @returns `false` if this addition was canceled, or removed again
   * @throws ImageCacheError UPLOAD_UNKNOWN if the bucket does not have the picture, UPLOAD_CONFLICT, or 502 to 504: then it has to be sent again
   */
  async add(owner: string, asked: UploadAddRequest): Promise<boolean> {
    const { name } = asked.image;
    // Nothing is written for a picture that is not there.
    const isThere = (await this.#isWanted(owner, asked)) && (await this.#inBucket(() => this.#isThere(name)));
    const isClaimed = isThere && (await this.#inBucket(() => this.#claim(owner, asked)));
    if (isClaimed && (await this.#isWanted(owner, asked))) return true;
    // Also of an earlier try. One that only has to wait is left: it may be a late copy of a call that was answered.
    await this.#inBucket(async () => this.#options.deletion?.takeBack(owner, asked.entity, name, asked.job_id));
    if (!(await this.#isWanted(owner, asked))) return false;
    throw new ImageCacheError('UPLOAD_UNKNOWN', 'The bucket does not have this picture.', {
      hint: 'It was deleted, or is still on its way from another device. Upload it with its bytes.',
    });
  }

  close(): void {
    this.#closing.abort();
  }

  /** Whether the picture is still there when the entity is known to use it. A removal cancels first, and looks for references after that. */
  async #claim(owner: string, { entity, image: { name }, job_id }: UploadAddRequest): Promise<boolean> {
    const uses = this.#options.deletion?.uses;
    const { signal } = this.#closing;
    const given = [{ owner, entity, job_id }];
    await uses?.claim(name, given, signal);
    await uses?.ensureKept(name, given, signal);
    return uses === undefined || this.#isThere(name);
  }

  async #isThere(name: string): Promise<boolean> {
    const { bucket, keyOf } = this.#options;
    return (await bucket.look(keyOf(name), this.#closing.signal)) !== undefined;
  }

  async #isWanted(owner: string, { job_id }: UploadAddRequest): Promise<boolean> {
    const record = await this.#options.outbox.find(job_id);
    if (record === undefined || (record.owner === owner && record.state === 'canceled')) return record === undefined;
    throw new ImageCacheError('UPLOAD_CONFLICT', 'There is an upload of this id.', {
      hint: 'Give each upload an id of its own: 48 bits of the time and 80 random ones.',
    });
  }

  async #inBucket<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw bucketError(error);
    }
  }
}
