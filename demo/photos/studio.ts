/* oxlint-disable unicorn/require-post-message-target-origin -- that is for windows; worker threads have no origin */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Photo } from './photo.ts';

/** Part of the path. Change it with the painter, so that old pictures are not served any more. */
const EDITION = 'v1';
const CLOSED = 'The studio is closed';

export interface StudioOptions {
  /** The directory in which pictures are kept between runs. */
  directory: string;
  /** The number of threads. @default one less than the number of cores, from two to four */
  workers?: number;
}

/** Paints photographs in worker threads and keeps them on disk. Requested pictures are painted first. */
export interface Studio {
  /** Gets a picture from disk, or paints it before all that wait. */
  photo(photo: Photo): Promise<Uint8Array>;
  /** Paints all of these pictures while no other is requested. Resolves when all are on disk. */
  prepare(photos: readonly Photo[], onProgress?: (done: number) => void): Promise<void>;
  close(): Promise<void>;
}

interface Job {
  id: number;
  photo: Photo;
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

export async function createStudio({ directory, workers }: StudioOptions): Promise<Studio> {
  const folder = join(directory, EDITION);
  await mkdir(folder, { recursive: true });
  const pool = createPool(workers ?? Math.min(4, Math.max(2, availableParallelism() - 1)));
  const underWay = new Map<string, Promise<Uint8Array>>();
  let closed = false;

  const paint = async (photo: Photo, urgent: Urgency): Promise<Uint8Array> => {
    const file = join(folder, photo.filename);
    const kept = await readFile(file).catch(() => undefined);
    if (kept !== undefined && kept.length > 0) return kept;
    const bytes = await pool.run(photo, urgent);
    // The file is renamed at the end, so that a stopped run never leaves half a picture.
    const draft = `${file}.${process.pid}.tmp`;
    await writeFile(draft, bytes);
    await rename(draft, file);
    return bytes;
  };

  const once = (photo: Photo, urgency: Urgency): Promise<Uint8Array> => {
    const waiting = underWay.get(photo.filename);
    if (waiting !== undefined) {
      if (urgency === 'now') pool.promote(photo);
      return waiting;
    }
    const job = paint(photo, urgency).finally(() => underWay.delete(photo.filename));
    underWay.set(photo.filename, job);
    return job;
  };

  return {
    photo: (photo) => once(photo, 'now'),
    async prepare(photos, onProgress) {
      let done = 0;
      const remaining = photos.values();
      const lane = async () => {
        for (const photo of remaining) {
          if (closed) return;
          await once(photo, 'later');
          onProgress?.(++done);
        }
      };
      await Promise.all(Array.from({ length: pool.size * 2 }, lane));
    },
    async close() {
      closed = true;
      await pool.close();
    },
  };
}

type Urgency = 'now' | 'later';

function createPool(size: number) {
  const waiting: Job[] = [];
  const running = new Map<Worker, Job>();
  const idle: Worker[] = [];
  const all: Worker[] = [];
  let nextId = 0;
  let isClosed = false;

  const dispatch = () => {
    while (waiting.length > 0) {
      const worker = idle.pop() ?? (all.length < size ? hire() : undefined);
      if (worker === undefined) return;
      const job = waiting.shift();
      if (job === undefined) return;
      running.set(worker, job);
      worker.postMessage({ id: job.id, photo: job.photo });
    }
  };

  const hire = (): Worker => {
    const worker = new Worker(new URL('worker.ts', import.meta.url));
    all.push(worker);
    worker.on('message', (answer: { bytes?: Uint8Array; error?: string }) => {
      const job = running.get(worker);
      running.delete(worker);
      idle.push(worker);
      if (answer.bytes !== undefined) job?.resolve(answer.bytes);
      else job?.reject(new Error(answer.error ?? 'The painter gave no picture'));
      dispatch();
    });
    worker.on('error', (error) => {
      running.get(worker)?.reject(error instanceof Error ? error : new Error(String(error)));
      running.delete(worker);
      all.splice(all.indexOf(worker), 1);
      dispatch();
    });
    return worker;
  };

  return {
    size,
    run(photo: Photo, urgency: Urgency): Promise<Uint8Array> {
      if (isClosed) return Promise.reject(new Error(CLOSED));
      return new Promise((resolve, reject) => {
        const job = { id: nextId++, photo, resolve, reject };
        if (urgency === 'now') waiting.unshift(job);
        else waiting.push(job);
        dispatch();
      });
    },
    promote(photo: Photo): void {
      const at = waiting.findIndex((job) => job.photo.filename === photo.filename);
      waiting.unshift(...waiting.splice(Math.max(at, 0), at < 0 ? 0 : 1));
    },
    async close() {
      isClosed = true;
      for (const job of [...waiting.splice(0), ...running.values()]) job.reject(new Error(CLOSED));
      await Promise.all(all.map((worker) => worker.terminate()));
    },
  };
}
