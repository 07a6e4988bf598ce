import { ImageCacheError } from '../../plugin/errors.ts';
import {
  type ListedObjects,
  type ObjectState,
  type PictureToStore,
  type UploadBucket,
  UploadFailure,
} from '../../plugin/uploads/index.ts';

export interface MemoryObject {
  body: Buffer;
  modifiedAt: number;
  isCounted: boolean;
}

export interface BucketHooks {
  /** Awaited before a request has any effect. When it throws, the request has none. */
  before?: (request: string) => Promise<void> | void;
  /** Awaited when a request was done. When it throws, its answer was lost. */
  after?: (request: string) => Promise<void> | void;
}

/** A bucket in memory that does one thing at a time, as S3 does. */
export class MemoryBucket implements UploadBucket {
  readonly objects: Map<string, MemoryObject>;
  /** By the clock of the bucket. */
  readonly now: () => number;
  hooks: BucketHooks = {};

  constructor(now: () => number, objects = new Map<string, MemoryObject>()) {
    this.now = now;
    this.objects = objects;
  }

  /** The same bucket as another client sees it. */
  as(hooks: BucketHooks): MemoryBucket {
    const view = new MemoryBucket(this.now, this.objects);
    view.hooks = hooks;
    return view;
  }

  keys(start = ''): string[] {
    return [...this.objects.keys()].filter((key) => key.startsWith(start)).toSorted();
  }

  urlOf(key: string): string {
    return `https://bucket.example/${key}`;
  }

  async store(
    { key, body, isCounted, sha256 }: PictureToStore,
    signal: AbortSignal,
    beforeProof: (signal: AbortSignal) => Promise<void> = async () => undefined,
  ): Promise<{ etag: string }> {
    await this.#do(`write ${key}`, () => {
      if (!this.objects.has(key)) this.objects.set(key, { body, isCounted, modifiedAt: this.now() });
    });
    await beforeProof(signal);
    await this.#do(`prove ${key}`, () => {
      if (this.objects.get(key)?.body.equals(body) !== true) throw failureOf('transient');
    });
    return { etag: `"${sha256.slice(0, 8)}"` };
  }

  look(key: string): Promise<ObjectState | undefined> {
    return this.#do(`look ${key}`, () => {
      const found = this.objects.get(key);
      return found && { key, modifiedAt: found.modifiedAt, isCounted: found.isCounted };
    });
  }

  mark(key: string): Promise<void> {
    return this.#do(`mark ${key}`, () => {
      this.objects.set(key, { body: Buffer.alloc(0), modifiedAt: this.now(), isCounted: false });
    });
  }

  async remove(key: string, signal?: AbortSignal, ensureTimely?: () => void): Promise<void> {
    signal?.throwIfAborted();
    ensureTimely?.();
    return this.#do(`remove ${key}`, () => void this.objects.delete(key));
  }

  list(prefix: string, after = '', _signal?: AbortSignal): Promise<ListedObjects> {
    return this.#do(`list ${prefix}`, () => {
      const keys = this.keys(prefix).filter((key) => key > after);
      const objects = keys.slice(0, 1000).map((key) => {
        const { modifiedAt = 0, body } = this.objects.get(key) ?? {};
        return { key, modifiedAt, size: body?.length ?? 0 };
      });
      return { objects, now: this.now(), isComplete: keys.length <= 1000 };
    });
  }

  close(): void {}

  async #do<T>(request: string, effect: () => T): Promise<T> {
    await this.hooks.before?.(request);
    const result = effect();
    await this.hooks.after?.(request);
    return result;
  }
}

const CODES = {
  unreachable: 'UPSTREAM_UNREACHABLE',
  transient: 'UPSTREAM_THROTTLED',
  held: 'UPSTREAM_ERROR',
  blocked: 'UPSTREAM_FORBIDDEN',
  refused: 'UPSTREAM_ERROR',
} as const;

export function failureOf(kind: UploadFailure['kind']): UploadFailure {
  return new UploadFailure(kind, new ImageCacheError(CODES[kind], `The bucket is ${kind}.`, { hint: 'Wait.' }));
}
