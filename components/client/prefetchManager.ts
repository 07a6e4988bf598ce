import { createPrefetchManager, type PrefetchManager } from './createPrefetchManager.ts';
import { type CacheClient, defaultClient } from './cacheClient.ts';
import { imageKey } from './imageKey.ts';
import { sendPrefetch } from './sendPrefetch.ts';
import { sharePrefetch } from './sharePrefetch.ts';

const managers = /* @__PURE__ */ new WeakMap<CacheClient, PrefetchManager>();

/** The one manager of a client, shared with the browser's other tabs. */
export function prefetchManagerOf(client: CacheClient): PrefetchManager {
  const existing = managers.get(client);
  if (existing) return existing;
  let isFollowing = false;
  const manager = sharePrefetch(client, (turn) =>
    createPrefetchManager({
      turn,
      isEnabled: () => client.mount !== undefined,
      async send(request, call) {
        // What is learnt here must stay true: a client follows its server for whoever subscribes.
        if (!isFollowing) client.subscribe(() => {});
        isFollowing = true;
        return sendPrefetch(client.mount, request, call);
      },
      onCached: (url, { entry }) => client.known.set(imageKey(url), entry),
    }),
  );
  managers.set(client, manager);
  return manager;
}

/**
 * The prefetch manager of `imageCache`.
 * @example
 * prefetchManager.startPrefetch(actors);
 * const { completed, total } = prefetchManager.getProgress();
 */
export const prefetchManager: PrefetchManager = /* @__PURE__ */ prefetchManagerOf(defaultClient);
