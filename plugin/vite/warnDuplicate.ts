import type { Plugin, ResolvedConfig } from 'vite';
import { createLogger } from '../logger.ts';
import type { ResolvedOptions } from '../options.ts';

const NAME = 'image-cache:duplicate';

/**
 * Warns if `imageCache()` is in `plugins` twice, e.g. in a config and in one that it is merged with. The first answers every
 * request, so the options of the second have no effect. Two plugins with different paths are two APIs, and not a mistake.
 */
export function warnDuplicatePlugin({ base, logLevel }: Pick<ResolvedOptions, 'base' | 'logLevel'>): Plugin {
  // If the same plugin object is in `plugins` twice, it is called twice; after a restart, with another config.
  const seen = new WeakSet<ResolvedConfig>();

  const plugin: Plugin<{ base: string }> = {
    name: NAME,
    apply: 'serve',
    api: { base },

    configResolved(config) {
      const all = config.plugins.filter((each) => isAt(base, each));
      if (all.length < 2 || all[0] !== plugin || seen.has(config)) return;
      seen.add(config);
      createLogger(logLevel, config.logger).warn(
        `imageCache() is in \`plugins\` ${all.length === 2 ? 'twice' : `${all.length} times`}; the options of the first are used. Remove the others, or give each a \`base\` of its own.`,
      );
    },
  };
  return plugin;
}

/** How many plugins of this package answer at the path. */
export function countTwins({ plugins }: ResolvedConfig, base: string): number {
  return plugins.filter((plugin) => isAt(base, plugin)).length;
}

/** Whether a plugin is this one, from any copy of the package, and has the path. */
function isAt(base: string, { name, api }: Plugin): boolean {
  // A plugin with this name is ours, so this is the type of its `api`.
  return name === NAME && (api as { base: string }).base === base;
}
