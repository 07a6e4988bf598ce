import type { CacheClient } from './cacheClient.ts';
import type { PrefetchManager, TabPrefetchManager } from './createPrefetchManager.ts';
import { mergeProgress, withoutUnsettled } from './mergeProgress.ts';
import { type ActorProgress, isSettled, type PrefetchProgress } from './prefetchProgress.ts';
import { createPrefetchResults, type PrefetchItemResult } from './prefetchResults.ts';
import { createSubscribable } from './subscribable.ts';
import { canShare, openTabs, type Tabs } from './tabs.ts';
import { turnAmong, type WorkTurn } from './workTurn.ts';

/** What tabs tell each other. URLs are without signatures. */
type TabMessage =
  | { type: 'hello' }
  | { type: 'progress'; from: string; progress: PrefetchProgress; actors: Record<string, ActorWord> }
  | { type: 'pause' | 'resume' }
  | { type: 'cancel'; id: string | undefined }
  | { type: 'bye'; from: string };

/** What is said of an actor that is not settled, or was settled since the last message. */
interface ActorWord {
  fingerprint: string;
  results: readonly PrefetchItemResult[];
}

/** Progress comes in bursts; other tabs are for looking at. */
const POST_INTERVAL_MS = 250;
/** Tabs that are gone count as long as so many others have not come after them. */
const MAX_TABS = 20;

/**
 * Makes one manager of those of all tabs: each has the actors that were asked for in it, one at a time works through its
 * normal ones, and all show the sum. What one has fetched is not asked for again by another that has it queued. `pause`,
 * `resume` and `cancel` are for all.
 *
 * Where tabs cannot take turns (see `canShare`), each is alone.
 * @param create makes this tab's own
 */
export function sharePrefetch(
  client: CacheClient,
  create: (turn: WorkTurn) => TabPrefetchManager,
  open: (name: string) => Tabs = openTabs,
): PrefetchManager {
  const changes = createSubscribable<PrefetchProgress>();
  const others = new Map<string, PrefetchProgress>();
  const theirResults = createPrefetchResults();
  let me = '';
  let tabs: Tabs | undefined;
  let hasSpoken = false;
  let snapshot: PrefetchProgress | undefined;
  let merged: PrefetchProgress | undefined;
  let unsettled = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const own = create(turnAmong(() => tabs, post));

  function changed(): void {
    merged = undefined;
    changes.emit(getProgress());
  }

  function getProgress(): PrefetchProgress {
    const mine = own.getProgress();
    if (!merged || snapshot !== mine) merged = mergeProgress(mine, [...others.values()]);
    snapshot = mine;
    return merged;
  }

  /** On first use: a page that fetches nothing ahead has nobody to talk to. */
  function join(): void {
    const { mount } = client;
    if (tabs || mount === undefined || !canShare()) return;
    me = crypto.randomUUID();
    tabs = open(`image-cache prefetch ${new URL(mount, location.href).href}`);
    // Only pages of this origin can write to it, and this is all that ours write.
    tabs.subscribe((message) => hear(message as TabMessage));
    // A page that comes back from the browser's memory tells of itself again.
    window.addEventListener('pagehide', () => tabs?.post({ type: 'bye', from: me } satisfies TabMessage));
    window.addEventListener('pageshow', post);
    own.subscribe(() => (timer ??= setTimeout(post, POST_INTERVAL_MS)));
    tabs.post({ type: 'hello' } satisfies TabMessage);
  }

  function post(): void {
    clearTimeout(timer);
    timer = undefined;
    const progress = own.getProgress();
    const isSilent = progress.actors.length === 0 && progress.state === 'idle';
    if (!tabs || (isSilent && !hasSpoken)) return;
    hasSpoken = true;
    const actors: Record<string, ActorWord> = {};
    for (const actor of progress.actors) {
      const fingerprint = own.fingerprintOf(actor.id);
      if (fingerprint === undefined || (isSettled(actor) && !unsettled.has(actor.id))) continue;
      actors[actor.id] = { fingerprint, results: isSettled(actor) ? own.getResults(actor.id) : [] };
    }
    unsettled = new Set(progress.actors.filter((actor) => !isSettled(actor)).map(({ id }) => id));
    tabs.post({ type: 'progress', from: me, progress, actors } satisfies TabMessage);
  }

  function hear(message: TabMessage): void {
    switch (message.type) {
      case 'hello':
        if (own.getProgress().state === 'paused') tabs?.post({ type: 'pause' } satisfies TabMessage);
        return post();
      case 'progress':
        for (const actor of message.progress.actors) learn(actor, message.actors[actor.id]);
        return remember(message.from, message.progress);
      case 'bye': {
        const last = others.get(message.from);
        return last && remember(message.from, withoutUnsettled(last));
      }
      case 'pause':
        return own.pause();
      case 'resume':
        return own.resume();
      case 'cancel':
        return own.cancel(message.id);
    }
  }

  function learn(actor: ActorProgress, word: ActorWord | undefined): void {
    if (!word || !isSettled(actor)) return;
    theirResults.set(actor.id, word.results);
    // What failed there is tried here: this tab's signatures may be newer.
    const isSame = own.fingerprintOf(actor.id) === word.fingerprint;
    if (isSame && actor.state === 'done') own.settleElsewhere(actor, word.results);
  }

  function remember(from: string, progress: PrefetchProgress): void {
    others.delete(from);
    others.set(from, progress);
    for (const oldest of others.keys()) {
      if (others.size <= MAX_TABS) break;
      others.delete(oldest);
    }
    changed();
  }

  own.subscribe(changed);

  return {
    startPrefetch(actors, options) {
      join();
      own.startPrefetch(actors, options);
    },
    prefetchActor(id, images, options) {
      join();
      return own.prefetchActor(id, images, options);
    },
    pause() {
      join();
      own.pause();
      tabs?.post({ type: 'pause' } satisfies TabMessage);
    },
    resume() {
      join();
      own.resume();
      tabs?.post({ type: 'resume' } satisfies TabMessage);
    },
    cancel(id) {
      join();
      own.cancel(id);
      tabs?.post({ type: 'cancel', id } satisfies TabMessage);
    },
    getProgress,
    getResults(id) {
      const results = own.getResults(id);
      return results.length > 0 ? results : theirResults.get(id);
    },
    subscribe(listener) {
      join();
      return changes.subscribe(listener);
    },
  };
}
