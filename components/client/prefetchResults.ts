import type { ItemError } from '../../plugin/protocol.ts';
import type { FailureReason } from './prefetchProgress.ts';

/** How one image of a prefetch ended. `s3_url` is without its signature. */
export type PrefetchItemResult =
  | {
      s3_url: string;
      status: 'cached' | 'downloaded';
      bytes: number;
      /** Why S3 could not say whether the image has changed; the cached one stays. */
      stale?: ItemError;
    }
  | ({ s3_url: string; status: 'failed' } & FailureReason);

/** The results of settled actors, the newest of them. */
export interface PrefetchResults {
  get(actorId: string): readonly PrefetchItemResult[];
  set(actorId: string, results: readonly PrefetchItemResult[]): void;
}

/** @param limit images remembered; the newest actor is kept whatever its size */
export function createPrefetchResults(limit = 10_000): PrefetchResults {
  const byActor = new Map<string, readonly PrefetchItemResult[]>();
  let count = 0;

  function forget(actorId: string): void {
    count -= byActor.get(actorId)?.length ?? 0;
    byActor.delete(actorId);
  }

  return {
    get: (actorId) => byActor.get(actorId) ?? [],
    set(actorId, results) {
      forget(actorId);
      byActor.set(actorId, results);
      count += results.length;
      for (const oldest of byActor.keys()) {
        if (count <= limit || oldest === actorId) return;
        forget(oldest);
      }
    },
  };
}
