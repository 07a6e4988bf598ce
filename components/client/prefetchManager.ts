import { type CacheClient, defaultClient } from './cacheClient.ts';
import { createPrefetchManager, type PrefetchManagerSettings, type SettledActor } from './createPrefetchManager.ts';
import { keepNewest } from './keepNewest.ts';
import { perClient } from './perClient.ts';
import { isSettled, mergeProgress, withoutUnsettled } from './prefetchProgress.ts';
import type { PrefetchManager, PrefetchProgress } from './prefetchTypes.ts';
import { sendPrefetch } from './sendPrefetch.ts';
import { createSubscribable } from './subscribable.ts';
import { canShare, openTabs, type Tabs } from './tabs.ts';

/** The messages between tabs. Their URLs have no signatures. */
type TabMessage =
  | { type: 'hello' }
  /** Also has the actors that were settled since the last message. */
  | { type: 'progress'; from: string; progress: PrefetchProgress; settled: readonly SettledActor[] }
  | { type: 'pause' | 'resume' }
  | { type: 'cancel'; id: string | undefined };

/** Minimum time between two messages about progress. It changes often, and other tabs only show it. */
const POST_INTERVAL_MS = 250;
/** How long a leader waits before it releases the lock, so that its last messages arrive before the next tab leads. */
const HAND_OVER_MS = 50;
/** The progress of a closed tab counts until this many other tabs have reported after it. */
const MAX_TABS = 20;

/**
 * Combines the managers of all tabs into one. Each tab keeps the actors that were queued in it. One tab at a time leads, and fetches its
 * normal actors; all tabs show the sum. If another tab has fetched a queued actor, a tab does not fetch it again. `pause`, `resume` and
 * `cancel` apply to all tabs.
 *
 * If tabs cannot elect a leader (see `canShare`), each works alone.
 */
export function sharePrefetch(
  client: CacheClient,
  settings: PrefetchManagerSettings,
  open: (name: string) => Tabs = openTabs,
): PrefetchManager {
  const changes = createSubscribable<PrefetchProgress>();
  const others = new Map<string, PrefetchProgress>();
  /** Settled actors for the next message. */
  const settled: SettledActor[] = [];
  let tabs: Tabs | undefined;
  let me = '';
  let postTimer: ReturnType<typeof setTimeout> | undefined;
  /** Set while this tab leads or waits to lead. */
  let leading: AbortController | undefined;
  let isLeader = false;
  let handOverTimer: ReturnType<typeof setTimeout> | undefined;
  let merged: { of: PrefetchProgress; progress: PrefetchProgress } | undefined;
  const own = createPrefetchManager({ ...settings, isLeader: () => isLeader || !tabs });
  own.subscribe(changed);

  function getProgress(): PrefetchProgress {
    const of = own.getProgress();
    if (merged?.of !== of) merged = { of, progress: mergeProgress(of, [...others.values()]) };
    return merged.progress;
  }

  function changed(): void {
    merged = undefined;
    changes.emit(getProgress());
  }

  /** Called at the first use, because a page that prefetches nothing need not talk to other tabs. */
  function join(): void {
    const { baseUrl } = client;
    if (tabs || baseUrl === undefined || !canShare()) return;
    me = crypto.randomUUID();
    tabs = open(`image-cache prefetch ${new URL(baseUrl, location.href).href}`);
    // Only pages of this origin can post to this channel, and these are the only messages that ours post.
    tabs.subscribe((message) => receive(message as TabMessage));
    window.addEventListener('pagehide', () => post(withoutUnsettled(own.getProgress())));
    // A page that returns from the back/forward cache reports again.
    window.addEventListener('pageshow', () => post());
    own.subscribeSettled((actor) => settled.push(actor));
    own.subscribe((progress) => {
      postTimer ??= setTimeout(post, POST_INTERVAL_MS);
      elect(progress);
    });
    tabs.post({ type: 'hello' } satisfies TabMessage);
  }

  /** Reports the progress of this tab, unless it has no actors. */
  function post(progress = own.getProgress()): void {
    clearTimeout(postTimer);
    postTimer = undefined;
    if (own.getProgress().actors.length === 0) return;
    tabs?.post({ type: 'progress', from: me, progress, settled: settled.splice(0) } satisfies TabMessage);
  }

  function receive(message: TabMessage): void {
    if (message.type === 'hello') {
      if (own.getProgress().state === 'paused') tabs?.post({ type: 'pause' } satisfies TabMessage);
      post();
    } else if (message.type === 'progress') {
      message.settled.forEach(own.settleElsewhere);
      keepNewest(others, message.from, message.progress, MAX_TABS);
      changed();
    } else if (message.type === 'cancel') {
      own.cancel(message.id);
    } else {
      own[message.type]();
    }
  }

  /** Sends a message to the other tabs, and does the same in this tab. */
  function tellAll(message: TabMessage): void {
    join();
    receive(message);
    tabs?.post(message);
  }

  /** A tab leads while it has something to fetch. A hidden tab that saves data must not keep a visible one from leading. */
  function elect({ state, actors, current }: PrefetchProgress): void {
    clearTimeout(handOverTimer);
    if (current.length > 0 || (state !== 'offline' && !actors.every(isSettled))) {
      if (leading) return;
      leading = new AbortController();
      tabs?.lead(() => {
        isLeader = true;
        own.handleLeadership();
      }, leading.signal);
    } else if (isLeader) {
      // The next leader should know the results before it begins.
      post();
      handOverTimer = setTimeout(stopLeading, HAND_OVER_MS);
    } else {
      stopLeading();
    }
  }

  function stopLeading(): void {
    leading?.abort();
    leading = undefined;
    isLeader = false;
  }

  return {
    startPrefetch(actors, options) {
      join();
      own.startPrefetch(actors, options);
    },
    async prefetchActor(id, images, options) {
      join();
      return own.prefetchActor(id, images, options);
    },
    pause: () => tellAll({ type: 'pause' }),
    resume: () => tellAll({ type: 'resume' }),
    cancel: (id) => tellAll({ type: 'cancel', id }),
    getProgress,
    getResults: own.getResults,
    subscribe(listener) {
      join();
      return changes.subscribe(listener);
    },
  };
}

/** The manager of a client. There is one for each client, and it is shared with the browser's other tabs. */
export const prefetchManagerOf = /* @__PURE__ */ perClient((client) => {
  // A client listens to its server's events only once it has a subscriber, and the entries that are learnt here must stay true.
  client.subscribe(() => {});
  return sharePrefetch(client, {
    isEnabled: () => client.baseUrl !== undefined,
    send: async (request, call) => client.direct.during(sendPrefetch(client.baseUrl, request, call)),
    onCached: client.known.set,
  });
});

/**
 * The prefetch manager of `imageCache`.
 * @example
 * prefetchManager.startPrefetch(actors);
 * const { completed, total } = prefetchManager.getProgress();
 */
export const prefetchManager: PrefetchManager = /* @__PURE__ */ prefetchManagerOf(defaultClient);
