import type { Plugin, ResolvedConfig } from 'vite';
import { createLogger } from '../logger.ts';
import type { ResolvedOptions } from '../options.ts';

const NAME = 'image-cache:twice';

/**
 * Warns when `imageCache()` is in `plugins` twice, e.g. in a config and in one that it is merged with: the first answers
 * every request, so that what the second was told changes nothing. Two at different paths are two APIs, and no mistake.
 */
export function warnTwicePlugin({ base, logLevel }: Pick<ResolvedOptions, 'base' | 'logLevel'>): Plugin {
  // The very same plugin may be there twice, too, and is then called twice; after a restart, with another config.
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

/** Whether it is this plugin, of whichever copy of the package, at the path. */
function isAt(base: string, { name, api }: Plugin): boolean {
  // Of a plugin of that name, the API is ours.
  return name === NAME && (api as { base: string }).base === base;
}
