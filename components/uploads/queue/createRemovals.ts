import { entityKey } from '../entity.ts';
import type { Outbox } from '../outbox/createOutbox.ts';
import { type Tombstone, tombstoneKey } from '../outbox/tombstone.ts';
import type { TransportRemoval } from '../transport.ts';
import { toUploadError, UploadError } from '../uploadError.ts';
import { DEFAULT_RETRY_DELAYS } from './jobState.ts';
import { isDue, retryDelay } from './retryTimes.ts';
import type { ServerTalk } from './serverTalk.ts';
import type { StoredJob } from './storedJob.ts';
import { untilAborted } from './untilAborted.ts';

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
/** The app's own `remove` may never answer. Ours gives up before that. */
const MAX_CALL_MS = 120_000;
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

  async function call(removal: TransportRemoval): Promise<void> {
    const abort = new AbortController();
    const end = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', end);
    const cancelTimer = env.after(MAX_CALL_MS, () => abort.abort(tooLong()));
    try {
      // Without `remove`, the picture stays in the bucket.
      await untilAborted(abort.signal, transport.remove?.(removal, { signal: abort.signal }) ?? Promise.resolve());
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', end);
    }
  }

  async function tellSome(all: readonly Tombstone[]): Promise<void> {
    // What was taken back meanwhile waits no more: its time would be over for good, and come again at once.
    const names = new Set(all.map(({ entity }) => entityKey(entity)));
    for (const name of waits.keys()) if (!names.has(name)) waits.delete(name);
    const next = nextOf(all);
    const [first, ...others] = next;
    telling = new Set(next.map(({ key }) => key));
    const isBusy = all.some(({ jobIds }) => jobIds.some(isSending));
    const nextAt = isBusy ? env.now() + AGAIN_MS : Math.min(...Array.from(waits.values(), (wait) => wait.at));
    at = first || all.length === 0 ? 0 : nextAt;
    if (!first) return;
    const name = entityKey(first.entity);
    const error = await call(toRemoval([first, ...others])).then(() => undefined, toUploadError);
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

function tooLong(): UploadError {
  const message = 'The transport’s `remove` has not ended for two minutes.';
  return new UploadError({ code: 'REMOVAL_TIMEOUT', message, kind: 'transient' });
}
