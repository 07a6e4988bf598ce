import { type CacheClient, defaultClient } from './cacheClient.ts';
import { createPrefetchManager, type PrefetchManagerSettings, type SettledActor } from './createPrefetchManager.ts';
import { keepNewest } from './keepNewest.ts';
import { perClient } from './perClient.ts';
import { isSettled, mergeProgress, withoutUnsettled } from './prefetchProgress.ts';
import type { PrefetchManager, PrefetchProgress } from './prefetchTypes.ts';
import { sendPrefetch } from './sendPrefetch.ts';
import { createSubscribable } from './subscribable.ts';
import { canShare, openTabs, type Tabs } from './tabs.ts';

/** What tabs tell each other. URLs are without signatures. */
type TabMessage =
  | { type: 'hello' }
  /** With the actors that were settled since the last message. */
  | { type: 'progress'; from: string; progress: PrefetchProgress; settled: readonly SettledActor[] }
  | { type: 'pause' | 'resume' }
  | { type: 'cancel'; id: string | undefined };

/** Progress comes in bursts, and in other tabs it is only shown. */
const POST_INTERVAL_MS = 250;
/** Messages and locks travel apart: a tab's last messages should arrive before the next tab leads. */
const HAND_OVER_MS = 50;
/** The progress of a closed tab counts until so many other tabs have reported after it. */
const MAX_TABS = 20;

/**
 * Makes one manager of those of all tabs: each has the actors that were asked for in it, one tab at a time leads and fetches its
 * normal ones, and all show the sum. A tab does not ask again for a queued actor that another tab has fetched. `pause`,
 * `resume` and `cancel` are for all.
 *
 * Where tabs cannot elect a leader (see `canShare`), each is alone.
 */
export function sharePrefetch(
  client: CacheClient,
  settings: PrefetchManagerSettings,
  open: (name: string) => Tabs = openTabs,
): PrefetchManager {
  const changes = createSubscribable<PrefetchProgress>();
  const others = new Map<string, PrefetchProgress>();
  /** Goes into the next message. */
  const settled: SettledActor[] = [];
  let tabs: Tabs | undefined;
  let me = '';
  let postTimer: ReturnType<typeof setTimeout> | undefined;
  /** There while this tab leads or waits until it may. */
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

  /** On first use: a page that prefetches nothing has no need to talk to other tabs. */
  function join(): void {
    const { baseUrl } = client;
    if (tabs || baseUrl === undefined || !canShare()) return;
    me = crypto.randomUUID();
    tabs = open(`image-cache prefetch ${new URL(baseUrl, location.href).href}`);
    // Only pages of this origin can write to it, and this is all that ours write.
    tabs.subscribe((message) => receive(message as TabMessage));
    window.addEventListener('pagehide', () => post(withoutUnsettled(own.getProgress())));
    // A page that comes back from the browser's memory reports again.
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

  /** Does here, too, what the other tabs are told to do. */
  function tellAll(message: TabMessage): void {
    join();
    receive(message);
    tabs?.post(message);
  }

  /** A tab leads while it has something to fetch. A hidden one on Save-Data must not keep a visible one from it. */
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

/** The one manager of a client, shared with the browser's other tabs. */
export const prefetchManagerOf = /* @__PURE__ */ perClient((client) => {
  // A client hears of its server's changes only when it has had a subscriber, and the entries learnt here must stay true.
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
