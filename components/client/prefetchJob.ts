import type { PrefetchImage, Priority } from '../../plugin/protocol.ts';
import { imageKey } from './imageKey.ts';
import { newActorProgress } from './prefetchProgress.ts';
import type { ActorProgress, ImageInput, PrefetchItemResult } from './prefetchTypes.ts';

/** The prefetch of one actor. */
export interface PrefetchJob {
  progress: ActorProgress;
  /** The images without a result, in the order in which they are requested. */
  readonly left: Set<PendingImage>;
  results: PrefetchItemResult[];
  readonly revalidate: boolean;
  /** The images of the request, without signatures. */
  readonly request: string;
  readonly abort: AbortController;
}

export interface PendingImage {
  readonly image: PrefetchImage;
  readonly key: string;
  /** How often requests for it have failed. */
  tries: number;
}

export function createPrefetchJob(
  id: string,
  images: readonly ImageInput[],
  priority: Priority,
  revalidate: boolean,
): PrefetchJob {
  const pending = images.map((input): PendingImage => {
    const image = typeof input === 'string' ? { s3_url: input } : input;
    return { image, key: imageKey(image.s3_url), tries: 0 };
  });
  return {
    progress: newActorProgress(id, priority, images.length),
    left: new Set(pending),
    results: [],
    revalidate,
    request: [revalidate, ...pending.map(({ key }) => key)].join('\n'),
    abort: new AbortController(),
  };
}
