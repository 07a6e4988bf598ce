import type { UploadsClock } from './clock.ts';
import { isOver } from './deletePicture.ts';
import type { PictureRemoval } from './pictureRemoval.ts';
import { FLAG_MS, isForbidden } from './pictureUse.ts';
import type { ReferenceKeys } from './referenceKeys.ts';
import { type ListedObjects, type UploadBucket, UploadFailure } from './uploadBucket.ts';

const FIRST_MS = 5_000;
const EVERY_MS = 60 * 60_000;
/** Pictures that one sweep deletes, and pages of marks that it reads, at most. The next one goes on after them. */
const MAX_DELETED = 1_000;
const MAX_PAGES = 100;

export interface SweepOptions {
  bucket: UploadBucket;
  keys: ReferenceKeys;
  removal: PictureRemoval;
  graceMs: number;
  clock: UploadsClock;
  warn: (message: string) => void;
}

/** Deletes the pictures whose time has come, now and then. Several servers may do that at once. */
export class DeletionSweep {
  readonly #options: SweepOptions;
  readonly #closing = new AbortController();
  readonly #warned = new Set<string>();
  #loop: Promise<void> | undefined;
  /** The mark after which the next sweep begins; `undefined` for the first of all. */
  #after: string | undefined;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  start(): void {
    if (!this.#closing.signal.aborted) this.#loop ??= this.#run();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    for (let wait = FIRST_MS; ; wait = EVERY_MS) {
      await clock.sleep(wait, signal);
      if (signal.aborted) return;
      await this.sweep(signal).catch((error: unknown) => this.#warn(error));
    }
  }

  /** One sweep. @throws UploadFailure */
  async sweep(signal: AbortSignal): Promise<void> {
    const { bucket, keys, removal } = this.#options;
    let deleted = 0;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const listed = await bucket.list(keys.marks, this.#after, signal);
      await this.#putMarksBack(listed, signal);
      for (const name of this.#dueIn(listed)) {
        if (deleted === MAX_DELETED) return;
        deleted += 1;
        await removal.delete(name, signal).catch((error: unknown) => {
          // What is wrong with one picture may not be wrong with the others; what is wrong with the bucket is.
          if (UploadFailure.of(error).kind !== 'transient') throw error;
          this.#warn(error);
        });
        if (signal.aborted) return;
        this.#after = keys.mark(name);
      }
      this.#after = listed.isComplete ? undefined : (listed.objects.at(-1)?.key ?? undefined);
      if (this.#after === undefined) return;
    }
  }

  /** Those that somebody was about to take away who was killed, or got no answer, and who cannot do it any more. */
  async #putMarksBack({ objects, now }: ListedObjects, signal: AbortSignal): Promise<void> {
    const { bucket, keys } = this.#options;
    for (const { key, size, modifiedAt } of objects) {
      const name = keys.unmarkingName(key);
      if (name === undefined || size > 0 || !(now - modifiedAt > FLAG_MS)) continue;
      await bucket.mark(keys.mark(name), signal);
      await bucket.remove(key, signal);
    }
  }

  #dueIn({ objects, now }: ListedObjects): string[] {
    const { keys, graceMs } = this.#options;
    return (
      objects
        // Marks are empty. What has bytes is somebody else's, whatever it is called.
        .filter(({ size, modifiedAt }) => size === 0 && isOver(now - modifiedAt, graceMs))
        .map(({ key }) => keys.markedName(key))
        .filter((name) => name !== undefined)
    );
  }

  /** Each fault once: it is met every hour, and with every picture. */
  #warn(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    const { code, message, hint = '' } = UploadFailure.of(error);
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    const what = isForbidden(error) ? 'Nothing is deleted from the bucket' : 'Some pictures were not deleted';
    this.#options.warn(`${what}: ${message} ${hint}`.trimEnd());
  }
}
