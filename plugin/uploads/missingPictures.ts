import { createHash } from 'node:crypto';
import { ImageCacheError } from '../errors.ts';
import { imageIdOf, isNameOf } from './pictureName.ts';
import type { PictureUses } from './pictureUse.ts';
import { type UploadBucket, UploadFailure } from './uploadBucket.ts';

/** What the cache has of a picture. */
export interface CachedPicture {
  body: Buffer;
  contentType: string;
}

export interface MissingPicturesOptions {
  bucket: UploadBucket;
  /** `undefined`: it is not known what uses a picture. */
  uses: PictureUses | undefined;
  keyOf: (pictureName: string) => string;
  /** The bytes of a picture, if the cache has them. */
  cached: (pictureName: string) => Promise<CachedPicture | undefined>;
  /** Whether they are put back. */
  isRestored: boolean;
  logger: { info(message: string): void; warn(message: string): void };
}

/** Of so many pictures it is remembered that it was said. */
const MAX_SAID = 1_000;

/** Pictures that somebody has removed from the bucket, although the cache has them: they are reported, and put back on demand. */
export class MissingPictures {
  readonly #options: MissingPicturesOptions;
  readonly #closing = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  readonly #said = new Set<string>();

  constructor(options: MissingPicturesOptions) {
    this.#options = options;
  }

  /** To be called when the bucket says that it does not have a picture. Does the rest in the background. */
  notice(name: string): void {
    if (this.#running.has(name) || this.#closing.signal.aborted) return;
    const looking = this.#look(name)
      .catch((error: unknown) =>
        this.#sayOnce(name, `and could not be put back. ${ImageCacheError.from(error).message}`),
      )
      .finally(() => this.#running.delete(name));
    this.#running.set(name, looking);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#running.values());
  }

  async #look(name: string): Promise<void> {
    const { uses, isRestored, logger, keyOf } = this.#options;
    // Where nothing uses it, it was deleted on purpose, here or by another server.
    if (uses !== undefined && !(await this.#isWanted(name, uses))) return;
    if (!isRestored) {
      return this.#sayOnce(name, 'though the cache has it. `uploads.restoreMissing` puts such pictures back.');
    }
    const picture = await this.#options.cached(name);
    if (picture === undefined) return;
    const { body, contentType } = picture;
    const sha256 = createHash('sha256').update(body).digest('hex');
    if (!isNameOf(name, sha256)) {
      return this.#sayOnce(name, 'and the cache has it in another form only, which is not put back.');
    }
    // What it was is not known any more. As one that was there before, it is never deleted.
    const stored = { key: keyOf(name), sha256, contentType, body, isCounted: false };
    await this.#options.bucket.store(stored, this.#closing.signal, async () => {
      if (uses !== undefined && !(await this.#isWanted(name, uses))) throw deletedMeanwhile();
    });
    logger.info(`Put back into the bucket, from which it was removed: ${keyOf(name)}`);
  }

  async #isWanted(name: string, uses: PictureUses): Promise<boolean> {
    const imageId = imageIdOf(name);
    const use = await uses.look(imageId, this.#closing.signal);
    return use.flags.length === 0 && (await uses.isUsed(imageId, use, this.#closing.signal));
  }

  #sayOnce(name: string, what: string): void {
    const { logger, keyOf } = this.#options;
    if (this.#closing.signal.aborted || this.#said.has(name)) return;
    if (this.#said.size >= MAX_SAID) this.#said.clear();
    this.#said.add(name);
    logger.warn(`A picture is not in the bucket any more, ${keyOf(name)}, ${what}`);
  }
}

function deletedMeanwhile(): UploadFailure {
  return new UploadFailure('held', new ImageCacheError('UPSTREAM_NOT_FOUND', 'It was deleted on purpose meanwhile.'));
}
