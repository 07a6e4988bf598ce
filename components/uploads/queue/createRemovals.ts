import { entityKey } from '../entity.ts';
import type { Outbox } from '../outbox/createOutbox.ts';
import { type Tombstone, tombstoneKey } from '../outbox/tombstone.ts';
import type { TransportRemoval } from '../transport.ts';
import { toUploadError } from '../uploadError.ts';
import { callApp } from './callApp.ts';
import { DEFAULT_RETRY_DELAYS } from './jobState.ts';
import { isDue, retryDelay } from './retryTimes.ts';
import type { ServerTalk } from './serverTalk.ts';
import type { StoredJob } from './storedJob.ts';

/** Tells the other side which pictures entities have no more, until it knows: those of one entity at a time. */
export interface Removals {
  /** Whether there may be something to tell. */
  readonly isOpen: boolean;
  /** When the next is told, in milliseconds since the epoch. */
  readonly at: number;
  isDue(): boolean;
  /** Something was removed, in whatever tab. */
  noticed(): void;
  hurry(): void;
  /** Whether the removal of this very picture may be under way: what was added again after it is sent when that has ended. */
  isTelling(job: StoredJob): boolean;
  tell(): Promise<void>;
}

/** What the transport is told. */
export type RemovalWords = (tombstones: readonly [Tombstone, ...Tombstone[]]) => TransportRemoval;

interface RemovalParts {
  readonly talk: ServerTalk;
  readonly outbox: Outbox;
  readonly owner: string;
  isSending(jobId: string): boolean;
  readonly toRemoval: RemovalWords;
}

/** Pictures, and jobs, in one call: a server takes 1,000, and may have to ask the bucket for each. */
const MAX_TOLD = 100;
const LONGEST_MS = Math.max(...DEFAULT_RETRY_DELAYS) * 1.5;
/** After one that had to wait for what is being sent. */
const AGAIN_MS = 1_000;

export function createRemovals({ talk, outbox, owner, isSending, toRemoval }: RemovalParts): Removals {
  const { jobs, transport, env, verdicts, signal } = talk;
  let isOpen = true;
  let at = 0;
  /** Of entities whose removal was answered by a fault. */
  const waits = new Map<string, { attempts: number; at: number }>();
  /** `all`: it is still to be seen which. */
  let telling: 'all' | ReadonlySet<string> = new Set();

  function nextOf(tombstones: readonly Tombstone[]): Tombstone[] {
    const isFree = ({ entity, jobIds }: Tombstone): boolean =>
      !jobIds.some(isSending) && isDue(waits.get(entityKey(entity))?.at, env.now(), LONGEST_MS);
    const free = tombstones.filter(isFree);
    const ofOne = free.filter(({ entity }) => free[0] && entityKey(entity) === entityKey(free[0].entity));
    let count = 0;
    return ofOne.slice(0, MAX_TOLD).filter(({ jobIds }, index) => (count += jobIds.length) <= MAX_TOLD || index === 0);
  }

  async function tellSome(all: readonly Tombstone[]): Promise<void> {
    const next = nextOf(all);
    const [first, ...others] = next;
    telling = new Set(next.map(({ key }) => key));
    const isBusy = all.some(({ jobIds }) => jobIds.some(isSending));
    // Not of what was taken back meanwhile: its time is over for good, and would come again at once.
    const nextAt = isBusy
      ? env.now() + AGAIN_MS
      : Math.min(...all.flatMap(({ entity }) => waits.get(entityKey(entity))?.at ?? []));
    at = first || all.length === 0 ? 0 : nextAt;
    if (!first) return;
    const name = entityKey(first.entity);
    const abort = new AbortController();
    // Without `remove`, the picture stays in the bucket.
    async function isWished(): Promise<boolean> {
      const ids = new Set((await outbox.tombstones(owner)).map(({ id, key }) => id + key));
      return next.every(({ id, key }) => ids.has(id + key));
    }
    const work = () => transport.remove?.(toRemoval([first, ...others]), { signal: abort.signal, isWished });
    const error = await callApp(env, signal, abort, work).then(() => undefined, toUploadError);
    if (signal.aborted) return;
    // What is refused for good is let go; everything else is told again later.
    if (error && error.kind !== 'permanent') {
      if (error.kind === 'unreachable') verdicts.gateFault(error);
      const attempts = (waits.get(name)?.attempts ?? 0) + 1;
      const ms = retryDelay(DEFAULT_RETRY_DELAYS, attempts, env.random(), error.retryAfterMs);
      return void waits.set(name, { attempts, at: env.now() + ms });
    }
    waits.delete(name);
    await outbox.forgetTombstones(next);
    // Else each upload is canceled by itself.
    if (error || !transport.remove) return;
    for (const jobId of next.flatMap(({ jobIds }) => jobIds)) await jobs.apply(jobId, { type: 'cancelTold' });
  }

  function noticed(): void {
    isOpen = true;
    at = 0;
  }

  return {
    get isOpen() {
      return isOpen;
    },
    get at() {
      return at;
    },
    isDue: () => isOpen && isDue(at, env.now(), LONGEST_MS),
    noticed,
    hurry() {
      waits.clear();
      // The word of another tab may have been missed.
      noticed();
    },
    isTelling({ entity, body }) {
      if (telling === 'all') return true;
      return entity !== undefined && body !== undefined && telling.has(tombstoneKey(owner, entity, body.imageId));
    },
    async tell() {
      // Before the look: one that is added again meanwhile takes its tombstone back, and must not overtake a removal that is told all the same.
      telling = 'all';
      isOpen = false;
      try {
        const all = await outbox.tombstones(owner);
        if (all.length > 0) isOpen = true;
        await tellSome(all);
      } catch (error) {
        isOpen = true;
        throw error;
      } finally {
        telling = new Set();
      }
    },
  };
}
