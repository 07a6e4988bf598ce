import type { Plugin } from 'vite';
import { INSPECTOR_PATH } from '../http/inspector/inspector.ts';

/** The name of the plugin that the API of each `imageCache()` is known by; see `start.ts`. */
export const START_NAME = 'image-cache:start';

/**
 * Where the inspector of an API is, below Vite's base. Two plugins with paths of their own are two caches, so the second one's
 * inspector has another path: `/__image-cache-2`.
 * @param base the option `base` of the plugin
 */
export function inspectorPath({ plugins }: { plugins: readonly Plugin[] }, base: string): string {
  // A plugin with this name is ours, so this is the type of its `api`.
  const bases = plugins.flatMap(({ name, api }) => (name === START_NAME ? [(api as { base: string }).base] : []));
  const place = [...new Set(bases)].indexOf(base);
  return place < 1 ? INSPECTOR_PATH : `${INSPECTOR_PATH}-${place + 1}`;
}
