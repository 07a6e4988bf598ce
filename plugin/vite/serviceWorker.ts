import { readFile } from 'node:fs/promises';
import type { Plugin, ResolvedConfig } from 'vite';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedServiceWorker } from '../options.ts';
import { WORKER_FILE } from '../protocol.ts';

/**
 * Lets a build write the service worker: one classic script, which is registered by itself, or imported by the worker of the app. Its name
 * has no hash, because a browser looks for the next version of a worker at the same address.
 * @param worker `false`: the script removes what an earlier one has kept, and itself
 * @param base the path of the API, below Vite's own `base`
 */
export function serviceWorkerPlugin(worker: ResolvedServiceWorker | false, base: string): Plugin {
  let config: ResolvedConfig;
  return {
    name: 'image-cache:service-worker',
    apply: 'build',

    // Tells `registerImageWorker()` whether there is a worker, and its name.
    config: () => ({ define: { __IMAGE_CACHE_WORKER__: JSON.stringify(worker !== false && WORKER_FILE) } }),

    configResolved(resolved) {
      config = resolved;
    },

    async generateBundle() {
      // Vite 5 has no environments: there a build for the server is one with a configuration of its own.
      const { environment } = this as Partial<typeof this>;
      const isForServer = environment ? environment.config.consumer === 'server' : Boolean(config.build.ssr);
      if (isForServer) return;
      const source =
        worker === false ? await scriptOf('tombstone') : await workerScript(worker, apiBelow(config.base, base));
      this.emitFile({ type: 'asset', fileName: WORKER_FILE, source });
    },
  };
}

/** The script with its options, which are JSON, in front of it. */
async function workerScript(worker: ResolvedServiceWorker, api: string): Promise<string> {
  const options = { ...worker, base: worker.base ?? api };
  return `(function (IMAGE_CACHE_WORKER_OPTIONS) {\n${await scriptOf('imageWorker')}\n})(${JSON.stringify(options)});\n`;
}

/**
 * The path of the API as the worker is told it, which resolves it at its own address: with `base: './'`, only the browser knows where the app is.
 * @param viteBase ends in a slash. A CDN has the assets of the app, and no API.
 */
function apiBelow(viteBase: string, base: string): string {
  return /^(?:https?:)?\/\//.test(viteBase) ? base : viteBase.replace(/\/$/, '') + base;
}

async function scriptOf(name: 'imageWorker' | 'tombstone'): Promise<string> {
  const file = new URL(`dist/sw/${name}.js`, import.meta.resolve('vite-plugin-image-cache/package.json'));
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ImageCacheError('NOT_FOUND', 'The script of the service worker was not found.', {
      cause,
      hint: 'It is in the package `vite-plugin-image-cache`, whose installation is not complete. Install it again.',
    });
  });
}
