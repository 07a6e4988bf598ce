import type { CacheStatus, Loading } from './client/resourceTiming.ts';

/** Tells the app where a loaded image came from, if that can be told. What it takes is loaded only for those that ask. */
export async function reportCacheStatus(
  url: string,
  loading: Loading,
  onCacheStatus: (status: CacheStatus) => void,
): Promise<void> {
  const { readCacheStatus } = await import('./client/resourceTiming.ts');
  const status = await readCacheStatus(url, loading);
  if (status) onCacheStatus(status);
}

/** Starts to watch what the browser loads: to be called before the image is asked for. */
export function watchCacheStatus(): void {
  void import('./client/timings.ts').then(({ watchTimings }) => watchTimings());
}
