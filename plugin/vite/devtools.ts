import type { Plugin, ResolvedConfig } from 'vite';
import { createLogger } from '../logger.ts';
import type { ResolvedOptions } from '../options.ts';
import { inspectorPath } from './inspectorPath.ts';

/** The little that is used of the context that Vite DevTools hands to a plugin. Any of it may be missing: it changes with each release. */
interface DevtoolsContext {
  docks?: { register?(entry: Record<string, string>): unknown };
}

/** As a `data:` URL: for the name of an icon, DevTools would ask a server on the internet. */
const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#5a67d8" stroke-width="2" stroke-linejoin="round"><rect x="3" y="4" width="18" height="16" rx="3"/><circle cx="8.5" cy="9.5" r="1.7"/><path d="m4 18 5.5-5 4 3.5 3-2.5 4 3.5"/></svg>',
)}`;

/**
 * Shows the inspector as a dock in Vite DevTools, where a project has these switched on. They are experimental, and nothing of theirs is
 * imported, so whatever they are or do, the dev server starts: the inspector has an address of its own.
 */
export function devtoolsPlugin({ base, logLevel }: Pick<ResolvedOptions, 'base' | 'logLevel'>): Plugin {
  let config: ResolvedConfig | undefined;
  const devtools = {
    async setup({ docks }: DevtoolsContext = {}) {
      if (config === undefined) return;
      const path = inspectorPath(config, base);
      const id = path.slice(1).replaceAll('_', '');
      const url = `${config.base.replace(/\/$/, '')}${path}/`;
      try {
        await docks?.register?.({ id, title: 'Image cache', type: 'iframe', icon: ICON, url });
      } catch (error) {
        createLogger(logLevel, config.logger).debug?.(`Vite DevTools took no dock: ${String(error)}`);
      }
    },
  };
  // Vite's own type has the property only where DevTools are installed.
  return Object.assign<Plugin, { devtools: typeof devtools }>(
    {
      name: 'image-cache:devtools',
      apply: 'serve',
      configResolved(resolved) {
        config = resolved;
      },
    },
    { devtools },
  );
}
