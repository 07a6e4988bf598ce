import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { UploadEntity, UploadState, UploadStatus } from '../../plugin/uploadProtocol.ts';
import { Outbox, type PictureToStore, type UploadFailure, Uploads } from '../../plugin/uploads/index.ts';
import type { UploadsClock } from '../../plugin/uploads/clock.ts';
import type { UploadsOptions } from '../../plugin/uploads/uploadsOptions.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jobId, sha256 } from '../helpers/uploads.ts';
import { failureOf, MemoryBucket } from './memoryBucket.ts';

// It is imported when a lock is first taken. Unlike a file that is read, or a sleep, `settle` could not tell that this goes on.
await import('proper-lockfile');

/** A clock that stands still until it is moved. */
export class FakeClock implements UploadsClock {
  #now = Date.UTC(2026, 0, 1);
  /** Timers do not care what time it is. */
  #elapsed = 0;
  readonly #sleepers = new Set<{ until: number; wake: () => void }>();

  now(): number {
    return this.#now;
  }

  random(): number {
    return 0.5;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const sleeper = {
        until: this.#elapsed + ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** Moves the time on in steps, and lets everything run that was waiting for it. */
  async advance(ms: number, step = ms): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      this.jump(Math.min(step, left));
      this.#elapsed += Math.min(step, left);
      for (const { until, wake } of Array.from(this.#sleepers)) if (until <= this.#elapsed) wake();
      await this.settle();
    }
  }

  /** Sets it to another time, as somebody does who corrects it. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Resolves when everything that runs has gone to sleep again. Real files are read and written meanwhile, but no real time has to pass. */
  async settle(): Promise<void> {
    const latest = performance.now() + 10_000;
    let quiet = 0;
    let before: object | undefined;
    while (quiet < (before === undefined ? 50 : 8) && performance.now() < latest) {
      await new Promise((resolve) => setImmediate(resolve));
      const last = Array.from(this.#sleepers).at(-1);
      const isBusy = process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq') || name === 'CloseReq');
      quiet = last === before && !isBusy ? quiet + 1 : 0;
      before = last;
    }
  }
}

type Kind = UploadFailure['kind'];

/** A bucket in memory that fails on demand. */
export class FakeBucket extends MemoryBucket {
  /** Every try, by key. */
  readonly tries: string[] = [];
  /** Tries that run now, and the most that ever ran. */
  running = 0;
  mostRunning = 0;
  failure: (picture: PictureToStore) => Kind | undefined = () => undefined;
  /** Awaited by every try. */
  gate: Promise<void> = Promise.resolve();

  constructor(now: () => number = () => Date.UTC(2026, 0, 1)) {
    super(now);
  }

  override async store(
    picture: PictureToStore,
    signal: AbortSignal,
    beforeProof?: (signal: AbortSignal) => Promise<void>,
  ): Promise<{ etag: string }> {
    this.tries.push(picture.key);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      await this.gate;
      signal.throwIfAborted();
      const kind = this.failure(picture);
      if (kind !== undefined) throw failureOf(kind);
      return await super.store(picture, signal, beforeProof);
    } finally {
      this.running -= 1;
    }
  }
}

export interface TestUploads {
  uploads: Uploads;
  outbox: Outbox;
  bucket: FakeBucket;
  clock: FakeClock;
  dir: string;
  log: string[];
  /** What the cache was told, in order. */
  told: string[];
  /** Takes a picture of these bytes. */
  accept(bytes: Uint8Array, job?: string, entity?: UploadEntity): Promise<UploadStatus>;
  states(): Promise<Record<string, number>>;
}

interface TestSettings {
  dir?: string;
  bucket?: FakeBucket;
  clock?: FakeClock;
  maxOutboxSize?: number;
  deletion?: UploadsOptions['deletion'];
}

/** Uploads on a real directory, with a bucket in memory, where all bytes count as a JPEG. */
export async function openUploads(settings: TestSettings = {}): Promise<TestUploads> {
  const dir = settings.dir ?? join(await temporaryDirectory(), '.image-outbox');
  const { bucket = new FakeBucket(), clock = new FakeClock(), maxOutboxSize = 1e9 } = settings;
  const log: string[] = [];
  const told: string[] = [];
  const outbox = new Outbox({ dir, now: () => clock.now(), warn: (message) => log.push(message) });
  const uploads = new Uploads({
    outbox,
    bucket,
    clock,
    cache: {
      take: async (name) => void told.push(`take ${name}`),
      stored: async (name, _, etag) => void told.push(`stored ${name} ${etag}`),
      read: async () => undefined,
      forget: async (name) => void told.push(`forget ${name}`),
      yieldToImages: async () => undefined,
    },
    inspect: () => ({ contentType: 'image/jpeg', extension: 'jpg' }),
    prefix: 'uploads',
    maxFileSize: 1e6,
    maxOutboxSize,
    deletion: settings.deletion,
    isOffline: false,
    restoreMissing: false,
    logger: { info: (message) => log.push(message), warn: (message) => log.push(message) },
  });
  onTestFinished(() => uploads.close());
  async function* once(bytes: Uint8Array) {
    yield bytes;
  }
  return {
    uploads,
    outbox,
    bucket,
    clock,
    dir,
    log,
    told,
    accept: (bytes, job = jobId(), entity) =>
      uploads.accept({
        jobId: job,
        owner: '',
        sha256: sha256(bytes),
        filename: undefined,
        entity,
        size: bytes.length,
        body: once(bytes),
      }),
    async states() {
      const counts: Partial<Record<UploadState, number>> = {};
      for (const { state: told } of (await uploads.list('')).jobs) {
        const state = told === 'storing' ? 'accepted' : told; // it may be tried at any moment
        counts[state] = (counts[state] ?? 0) + 1;
      }
      return counts;
    },
  };
}

export const bytes = (n: number): Buffer => Buffer.from(`picture ${n}`);
