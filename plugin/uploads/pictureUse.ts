import { ImageCacheError } from '../errors.ts';
import type { UploadsClock } from './clock.ts';
import { imageIdOf } from './pictureName.ts';
import type { EntityHolder, Reference, ReferenceKeys } from './referenceKeys.ts';
import { type ListedObjects, type UploadBucket, UploadFailure } from './uploadBucket.ts';

/**
 * For so long an upload of a picture waits for somebody who deletes it. The request that deletes is signed in the first minute, and the bucket
 * takes none that was signed more than 15 minutes ago by its clock, from which that of the machine may differ by as much. So when this is over,
 * no such request can come any more, however long its machine was asleep.
 */
export const FLAG_MS = 40 * 60_000;
/** For so long an app may look whether it uses a picture. */
const ANSWER_MS = 30_000;

/** What a listing says of a picture. */
export interface PictureUse {
  /** All that say that something uses it. */
  references: readonly string[];
  /** The flags of those who delete it at the moment. */
  flags: readonly string[];
  /** Flags that mean nothing any more. */
  oldFlags: readonly string[];
  /** By the clock of the bucket. */
  now: number;
  /** Whether these are all references. All flags are here in any case, because they are listed first. */
  isComplete: boolean;
}

/** How it is known whether a picture is used. */
export interface UseOptions {
  bucket: UploadBucket;
  keys: ReferenceKeys;
  /** The app answers; `undefined`: the references in the bucket do. */
  isReferenced: ((imageId: string) => boolean | Promise<boolean>) | undefined;
  clock: Pick<UploadsClock, 'sleep'>;
  warn: (message: string) => void;
}

/** Knows what uses a picture, and keeps uploads and deletions of a picture out of each other's way. */
export class PictureUses {
  readonly #options: UseOptions;
  readonly #warned = new Set<string>();

  constructor(options: UseOptions) {
    this.#options = options;
  }

  /** Whether references are kept in the bucket, so that a picture says by itself that it has some. */
  get areCounted(): boolean {
    return this.#options.isReferenced === undefined;
  }

  /** To be called before a picture is written: from now on, those who would delete it see that it is used. @throws UploadFailure */
  async claim(name: string, given: readonly Reference[], signal: AbortSignal): Promise<void> {
    const { bucket, keys, isReferenced } = this.#options;
    if (isReferenced !== undefined) return bucket.remove(keys.mark(name), signal);
    const references = new Set(given.map((each) => keys.reference(imageIdOf(name), each)));
    for (const reference of references) await bucket.mark(reference, signal);
  }

  /**
   * To be called after a picture was written, and before it is believed to be there.
   * @throws UploadFailure `held` when somebody is deleting it, or its references were dropped meanwhile: it has to be claimed again
   */
  async ensureKept(name: string, given: readonly Reference[], signal: AbortSignal): Promise<void> {
    const { bucket, keys, isReferenced } = this.#options;
    const use = await this.lookIfAllowed(imageIdOf(name), signal);
    if (use === undefined) return;
    if (use.flags.length > 0) throw held();
    if (isReferenced !== undefined) return;
    for (const each of given) {
      const reference = keys.reference(imageIdOf(name), each);
      if (use.references.includes(reference)) continue;
      // Of a picture that thousands use, the listing has the first ones only.
      if (use.isComplete || (await bucket.look(reference, signal)) === undefined) throw held();
    }
  }

  /** `undefined` where the credentials may not list the bucket, which is said once. @throws UploadFailure */
  lookIfAllowed(imageId: string, signal: AbortSignal): Promise<PictureUse | undefined> {
    return this.#ifAllowed(() => this.look(imageId, signal));
  }

  /**
   * The references by which an entity has a picture, a thousand at most; `undefined` as above.
   * @throws UploadFailure
   */
  referencesOf(
    imageId: string,
    holder: EntityHolder,
    signal: AbortSignal,
  ): Promise<{ references: string[]; isComplete: boolean } | undefined> {
    const { bucket, keys } = this.#options;
    return this.#ifAllowed(async () => {
      const { objects, isComplete } = await bucket.list(keys.ofEntity(imageId, holder), undefined, signal);
      return { references: keysOf(objects), isComplete };
    });
  }

  async #ifAllowed<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#warnOnce(
        `Uploads go on, but nothing is deleted, and a deletion by another server cannot be seen. ${error.message} ${error.hint ?? ''}`,
      );
      return undefined;
    }
  }

  /** @throws UploadFailure */
  async look(imageId: string, signal: AbortSignal): Promise<PictureUse> {
    const { bucket, keys } = this.#options;
    const listed = await bucket.list(keys.folder(imageId), undefined, signal);
    const flags = listed.objects.filter(({ key }) => keys.isFlag(key));
    // Where the bucket does not say what time it is, every flag counts.
    const isOld = ({ modifiedAt }: { modifiedAt: number }) => listed.now - modifiedAt > FLAG_MS;
    return {
      references: keysOf(listed.objects.filter(({ key }) => !keys.isFlag(key))),
      flags: keysOf(flags.filter((flag) => !isOld(flag))),
      oldFlags: keysOf(flags.filter(isOld)),
      now: listed.now,
      isComplete: listed.isComplete,
    };
  }

  /** Whether something uses the picture. What cannot be found out counts as use. @throws UploadFailure */
  async isUsed(imageId: string, { references }: PictureUse, signal: AbortSignal): Promise<boolean> {
    const { isReferenced } = this.#options;
    if (isReferenced === undefined) return references.length > 0;
    try {
      const answer: unknown = await this.#inTime(async () => isReferenced(imageId), signal);
      return answer !== false; // nothing else lets a picture be deleted
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UploadFailure(
        'transient',
        new ImageCacheError('INTERNAL', `The option \`uploads.isReferenced\` threw: ${reason}`),
      );
    }
  }

  /** Neither a picture nor a server that is being closed waits for an app that never answers. */
  async #inTime<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const answered = new AbortController();
    const end = AbortSignal.any([signal, answered.signal]);
    const tooLong = this.#options.clock.sleep(ANSWER_MS, end).then(() => {
      throw new Error(`it has not answered within ${ANSWER_MS / 1_000} seconds.`);
    });
    try {
      return await Promise.race([ask(), tooLong]);
    } finally {
      answered.abort();
    }
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.warn(message.trimEnd());
  }
}

/** Whether the credentials may not do this. */
export function isForbidden(error: unknown): error is UploadFailure {
  return error instanceof UploadFailure && error.code === 'UPSTREAM_FORBIDDEN';
}

function keysOf(objects: ListedObjects['objects']): string[] {
  return objects.map(({ key }) => key);
}

export function held(): UploadFailure {
  return new UploadFailure(
    'held',
    new ImageCacheError('UPSTREAM_ERROR', 'The same picture is being deleted from the bucket at the moment.', {
      hint: 'It is uploaded after that. If a server was killed while it deleted the picture, that takes up to 40 minutes.',
    }),
  );
}
