import type { Plugin, ResolvedConfig } from 'vite';
import { createLogger } from '../logger.ts';
import type { ResolvedOptions } from '../options.ts';
import { inspectorPath } from './inspectorPath.ts';

interface Dock {
  id: string;
  title: string;
  icon: string;
  type: 'iframe' | 'action';
  /** Of an iframe. */
  url?: string;
  /** Of an action: the module whose default export is called in the page of the app. */
  action?: { importFrom: string };
  /** Of an action: a click switches it on, the next one off. */
  toggle?: boolean;
}

/** The little that is used of the context that Vite DevTools hands to a plugin. Any of it may be missing: it changes with each release. */
interface DevtoolsContext {
  docks?: { register?(entry: Dock): unknown };
}

/** As a `data:` URL: for the name of an icon, DevTools would ask a server on the internet. */
function icon(inner: string): string {
  return `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#5a67d8" stroke-width="2" stroke-linejoin="round"><rect x="3" y="4" width="18" height="16" rx="3"/>${inner}</svg>`,
  )}`;
}

const PICTURE = icon('<circle cx="8.5" cy="9.5" r="1.7"/><path d="m4 18 5.5-5 4 3.5 3-2.5 4 3.5"/>');
const MARKED_PICTURE = icon('<path d="M3 7a3 3 0 0 1 3-3h6v7H3z" fill="#5a67d8"/>');

type Options = Pick<ResolvedOptions, 'base' | 'imageBase' | 'overlay' | 'logLevel'>;

/**
 * Shows the inspector as a dock in Vite DevTools, where a project has these switched on, and beside it a switch of the marks on the pictures
 * of the page. DevTools are experimental, and nothing of theirs is imported, so whatever they are or do, the dev server starts: the inspector
 * has an address of its own, and the marks have an option. With that, their script is in each page of the dev server. It is an external
 * script, and so works under a content security policy without `unsafe-inline`. Previews and builds never have it.
 */
export function devtoolsPlugin(options: Options): Plugin {
  const { base, overlay, logLevel } = options;
  let config: ResolvedConfig | undefined;
  const devtools = {
    async setup({ docks }: DevtoolsContext = {}) {
      if (config === undefined) return;
      const path = inspectorPath(config, base);
      const id = path.slice(1).replaceAll('_', '');
      const url = `${config.base.replace(/\/$/, '')}${path}/`;
      try {
        await docks?.register?.({ id, title: 'Image cache', type: 'iframe', icon: PICTURE, url });
        const action = { importFrom: marksUrl(config, options, 'call') };
        const title = 'Where pictures come from';
        const marks = { id: `${id}-origins`, title, icon: MARKED_PICTURE, action };
        await docks?.register?.({ ...marks, type: 'action', toggle: true });
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
      transformIndexHtml() {
        if (!overlay || config === undefined) return undefined;
        // As soon as possible, since the browser keeps the timings of the first resources only.
        const attrs = { type: 'module', async: true, src: marksUrl(config, options, 'show') };
        return [{ tag: 'script', attrs, injectTo: 'head-prepend' }];
      },
    },
    { devtools },
  );
}

/**
 * The path of the script of the marks, with what it has to know.
 * @param at whether it shows the marks at once, or when it is called
 */
function marksUrl(config: ResolvedConfig, { base, imageBase }: Options, at: 'show' | 'call'): string {
  const root = config.base.replace(/\/$/, '');
  const query = new URLSearchParams({
    base: root + base,
    ...(imageBase !== undefined && { imageBase }),
    ...(at === 'show' && { show: '' }),
  });
  return `${root}${inspectorPath(config, base)}/overlay.js?${query.toString()}`;
}
