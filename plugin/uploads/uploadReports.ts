import { DEFAULT_BASE, type ItemError } from '../protocol.ts';
import type { UploadAddRequest, UploadsAnswer, UploadStatus } from '../uploadProtocol.ts';
import type { UploadsClock } from './clock.ts';
import type { Drainer } from './drainer.ts';
import type { Outbox } from './outbox.ts';
import { imageIdOf } from './pictureName.ts';
import { isPending, type PendingUpload, type UploadRecord } from './uploadRecord.ts';

/** In one listing. */
const MAX_LISTED = 1_000;
/** How often is looked for what another process has done. */
const LOOK_MS = 500;

type Listener = (status: UploadStatus) => void;

export interface ReportsOptions {
  outbox: Outbox;
  clock: UploadsClock;
  /** What is being sent, and what keeps uploads from it. */
  queue: Pick<Drainer, 'isStoring' | 'blocked' | 'paused'>;
  urlOf: (pictureName: string) => string;
}

/** Says how far uploads are, when asked, and when they come further. */
export class UploadReports {
  readonly #options: ReportsOptions;
  readonly #listeners = new Set<Listener>();

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  async statusOf(record: UploadRecord): Promise<UploadStatus> {
    const { outbox, queue } = this.#options;
    const { job_id, picture, state } = record;
    if (isPending(record) && !(await outbox.hasPicture(record.picture))) {
      // It may have been stored between the two looks.
      const now = await outbox.find(job_id);
      if (now === undefined || isPending(now)) return { job_id, state: 'needed' };
      return this.statusOf(now);
    }
    return {
      job_id,
      state: state === 'accepted' && queue.isStoring(job_id) ? 'storing' : state,
      ...(picture !== undefined && this.#describe(picture)),
      ...(record.filename !== undefined && { filename: record.filename }),
      ...(record.entity !== undefined && { entity: record.entity }),
      attempts: record.attempts,
      ...(record.next_attempt_at !== undefined && { next_attempt_at: record.next_attempt_at }),
      ...(record.error !== undefined && { error: record.error }),
      accepted_at: record.accepted_at,
      ...(state === 'stored' && record.finished_at !== undefined && { stored_at: record.finished_at }),
    };
  }

  /** Of an upload without bytes. */
  added({ job_id, entity, image: { name } }: UploadAddRequest, isAdded: boolean): UploadStatus {
    return isAdded ? { job_id, state: 'stored', entity, ...this.#name(name) } : { job_id, state: 'canceled' };
  }

  /** The states of uploads, in their order. Those of others are as unknown as those that never were. */
  async check(owner: string, jobs: readonly { job_id: string; sha256: string }[]): Promise<UploadStatus[]> {
    return Promise.all(
      jobs.map(async ({ job_id, sha256 }): Promise<UploadStatus> => {
        const record = await this.#options.outbox.find(job_id);
        const isTheirs = record?.owner === owner && (record.picture === undefined || record.picture.sha256 === sha256);
        return isTheirs ? this.statusOf(record) : { job_id, state: 'needed' };
      }),
    );
  }

  /** The uploads of an owner, the newest first. */
  async list(owner: string): Promise<UploadsAnswer> {
    const { outbox, queue } = this.#options;
    const records = [...(await outbox.pending()).toReversed(), ...(await outbox.done(owner, MAX_LISTED))];
    const own = records.filter((record) => record.owner === owner && record.picture !== undefined);
    const newest = own.toSorted((a, b) => b.accepted_at - a.accepted_at).slice(0, MAX_LISTED);
    const { blocked = blockedIn(newest), paused } = queue;
    return {
      jobs: await Promise.all(newest.map((record) => this.statusOf(record))),
      ...(blocked !== undefined && { blocked }),
      ...(paused !== undefined && { paused }),
    };
  }

  /** Waits until an upload has been sent, or cannot be, but no longer than that. */
  async settled(jobId: string, waitMs: number, signal: AbortSignal): Promise<UploadStatus> {
    const { outbox, clock } = this.#options;
    const until = clock.now() + waitMs;
    for (;;) {
      const record = await outbox.find(jobId);
      if (record === undefined) return { job_id: jobId, state: 'needed' };
      const left = until - clock.now();
      // After a failure it may take long.
      const isWaiting = record.state === 'accepted' && record.error === undefined;
      if (!isWaiting || left <= 0 || signal.aborted) return this.statusOf(record);
      await this.#changeOf(jobId, Math.min(left, LOOK_MS), signal);
    }
  }

  /** Calls the listener with each upload that comes further in this process. Returns a function that removes it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(record: UploadRecord): void {
    this.statusOf(record).then(
      (status) => {
        for (const listener of this.#listeners) listener(status);
      },
      // The disk cannot be read at the moment, which the drainer says. Browsers ask again by themselves.
      () => undefined,
    );
  }

  #describe({ name, sha256, size_bytes, content_type }: PendingUpload['picture']): Partial<UploadStatus> {
    return { ...this.#name(name), sha256, size_bytes, content_type };
  }

  #name(name: string): Pick<UploadStatus, 'image_id' | 'ref' | 's3_url'> {
    return { image_id: imageIdOf(name), ref: `${DEFAULT_BASE}/i/${name}`, s3_url: this.#options.urlOf(name) };
  }

  /** Resolves when an upload has come further in this process, or after that time. */
  async #changeOf(jobId: string, ms: number, signal: AbortSignal): Promise<void> {
    const changed = new AbortController();
    const leave = () => changed.abort();
    signal.addEventListener('abort', leave, { once: true });
    const remove = this.onChange(({ job_id, state }) => job_id === jobId && state !== 'storing' && changed.abort());
    await this.#options.clock.sleep(ms, changed.signal);
    remove();
    signal.removeEventListener('abort', leave);
  }
}

function blockedIn(records: readonly UploadRecord[]): ItemError | undefined {
  return records.find(({ state }) => state === 'blocked')?.error;
}
