import type { SimulationPreset } from '../../inspectorProtocol.ts';

/** What an app's developer wants to see most often. */
export const PRESETS: readonly SimulationPreset[] = [
  { name: 'slow', title: 'Slow, 3 s', detail: 'Each image arrives three seconds late.', effects: { delay_ms: 3000 } },
  { name: 'loading', title: 'Loading for ever', detail: 'No image arrives before the end.', effects: { hold: true } },
  {
    name: 'offline',
    title: 'Offline',
    detail: 'S3 cannot be reached. What is cached is shown.',
    effects: { offline: true },
  },
  {
    name: 'busy',
    title: 'S3 busy (503)',
    detail: 'S3 asks to slow down. What is cached is shown.',
    effects: { offline: true, fail: 'UPSTREAM_THROTTLED' },
  },
  {
    name: 'expired',
    title: 'Signature expired',
    detail: 'S3 refuses each URL as too old. What is cached is shown.',
    effects: { offline: true, fail: 'UPSTREAM_EXPIRED' },
  },
  {
    name: 'not-found',
    title: 'Not found',
    detail: 'S3 has none of the images, and they are not cached either.',
    effects: { fail: 'UPSTREAM_NOT_FOUND' },
  },
  { name: 'broken', title: 'Broken bytes', detail: 'Each answer ends half way.', effects: { cut: true } },
  {
    name: 'cold',
    title: 'Cold cache',
    detail: 'A cached image takes as long as a miss. Nothing is removed.',
    effects: { cold: true },
  },
];
