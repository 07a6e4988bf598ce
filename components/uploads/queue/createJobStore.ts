import { createSubscribable } from '../../client/subscribable.ts';
import { type Entity, entityKey } from '../entity.ts';
import type { Outbox } from '../outbox/createOutbox.ts';
import type { Wish } from '../outbox/removeIn.ts';
import type { JobEvent } from './jobState.ts';
import { reduceJob } from './jobState.ts';
import type { StoredJob } from './storedJob.ts';
import type { TabMessage } from './tabMessage.ts';

/** What this tab knows of the outbox: every change of it, its own and those of other tabs, ends here. */
export interface JobStore {
  /** Oldest first. The same array until something changes. */
  all(): readonly StoredJob[];
  get(jobId: string): StoredJob | undefined;
  /** Those of an entity, oldest first. The same array until something of them changes. */
  ofEntity(entity: Entity): readonly StoredJob[];
  /** Reads all of it anew: at the start, and when messages of other tabs may have been missed. */
  load(): Promise<void>;
  add(job: StoredJob, bytes: ArrayBuffer | undefined, maxBytes: number): Promise<void>;
  apply(jobId: string, event: JobEvent, bytes?: ArrayBuffer): Promise<StoredJob | undefined>;
  /** The server's id of an entity. */
  bind(entity: Entity, serverId: string): Promise<void>;
  /** Keeps rows without bytes, of jobs that are not known. */
  restore(rows: readonly StoredJob[]): Promise<void>;
  removePictures(wish: Omit<Wish, 'owner'>): Promise<void>;
  remove(jobIds: readonly string[]): Promise<void>;
  /** Takes in what another tab tells. */
  take(message: TabMessage): void;
  subscribe(listener: () => void): () => void;
}

const NONE: readonly StoredJob[] = [];

/** The jobs of an entity. */
interface Group {
  readonly jobs: Map<string, StoredJob>;
  /** Until something changes. */
  sorted: readonly StoredJob[] | undefined;
}

function inOrder(jobs: ReadonlyMap<string, StoredJob>): readonly StoredJob[] {
  return Array.from(jobs.values()).toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1));
}

/** @param tell tells the other tabs */
export function createJobStore(
  outbox: Outbox,
  owner: string,
  now: () => number,
  tell: (message: TabMessage) => void,
): JobStore {
  const jobs = new Map<string, StoredJob>();
  const byEntity = new Map<string, Group>();
  const changes = createSubscribable<void>();
  let sorted: readonly StoredJob[] | undefined;

  function changed(): void {
    sorted = undefined;
    changes.emit();
  }

  /** Of two versions the newer counts, in whatever order they are heard of. */
  function set(job: StoredJob): void {
    if (keep(job)) changed();
  }

  /** @returns whether it is news */
  function keep(job: StoredJob): boolean {
    const known = jobs.get(job.jobId);
    if (job.owner !== owner || (known && known.revision >= job.revision)) return false;
    jobs.set(job.jobId, job);
    groupOf(job)?.jobs.set(job.jobId, job);
    return true;
  }

  /** Of which something is about to change. */
  function groupOf({ entity }: StoredJob): Group | undefined {
    if (!entity) return undefined;
    const key = entityKey(entity);
    const group = byEntity.get(key) ?? { jobs: new Map(), sorted: undefined };
    byEntity.set(key, group);
    group.sorted = undefined;
    return group;
  }

  function publish(job: StoredJob): void {
    set(job);
    tell({ type: 'job', job });
  }

  function forget(jobIds: readonly string[]): void {
    for (const jobId of jobIds) {
      const job = jobs.get(jobId);
      jobs.delete(jobId);
      const group = job && groupOf(job);
      group?.jobs.delete(jobId);
      if (job?.entity && group?.jobs.size === 0) byEntity.delete(entityKey(job.entity));
    }
    changed();
  }

  return {
    all: () => (sorted ??= inOrder(jobs)),
    get: (jobId) => jobs.get(jobId),
    ofEntity(entity) {
      const group = byEntity.get(entityKey(entity));
      return group ? (group.sorted ??= inOrder(group.jobs)) : NONE;
    },
    async load() {
      const known = new Map(jobs);
      const rows = await outbox.jobs();
      const here = new Set(rows.map(({ jobId }) => jobId));
      // One change for all of them.
      const news = rows.filter(keep);
      if (news.length > 0) changed();
      for (const [jobId, job] of known) {
        // Evicted with the whole database while the page was open: what was not in the bucket yet is shown as missing.
        if (here.has(jobId)) continue;
        const gone = reduceJob(job, { type: 'bytesGone', at: now(), revision: job.revision });
        if (gone.state === 'missing') set(gone);
        else if (gone.state !== 'accepted') forget([jobId]);
      }
    },
    async add(job, bytes, maxBytes) {
      publish(await outbox.add(job, bytes, maxBytes));
    },
    async apply(jobId, event, bytes) {
      const known = jobs.get(jobId);
      const job = await outbox.apply(jobId, event, bytes);
      if (job) {
        set(job);
        if (job.revision !== known?.revision) tell({ type: 'job', job });
      } else if (known) {
        // Its row was evicted. What happens to it is still to be seen.
        set(reduceJob(known, event));
      }
      return job;
    },
    async bind(entity, serverId) {
      for (const job of await outbox.bind({ owner, entity, serverId, at: now() })) publish(job);
    },
    async restore(rows) {
      for (const job of await outbox.restore(rows)) publish(job);
    },
    async removePictures(wish) {
      for (const job of await outbox.removePictures({ ...wish, owner })) publish(job);
    },
    async remove(jobIds) {
      if (jobIds.length === 0) return;
      await outbox.remove(jobIds);
      forget(jobIds);
      tell({ type: 'removed', jobIds });
    },
    take(message) {
      if (message.type === 'job') set(message.job);
      if (message.type === 'removed') forget(message.jobIds);
    },
    subscribe: changes.subscribe,
  };
}
