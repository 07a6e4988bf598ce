export interface RegisterImageWorkerOptions {
  /** The address of the worker, if it is not where the build has put it: it must be of the page's own origin. @default image-cache-sw.js below Vite's `base` */
  url?: string;
  /** The path whose pages the worker serves: not above the worker, unless a header `Service-Worker-Allowed` says so. @default the folder of the worker */
  scope?: string;
}

/**
 * Registers the service worker that `vite build` has written with the option `serviceWorker`, so that pictures show without a network. Do not call it where the app has a
 * worker of its own (vite-plugin-pwa, Serwist): import the script into that one instead, since a page has one worker.
 * @returns `undefined` if nothing was registered: in development, on a server, in a browser without service workers (a page without https, some private windows), and
 * with `serviceWorker: false`
 * @throws Error with a `code` and a `hint`: `NOT_BUILT` without the option, `SCOPE_TAKEN` if the app has another worker there, `NOT_REGISTERED` if the browser refuses
 * @example
 * import { registerImageWorker } from 'vite-plugin-image-cache/sw';
 *
 * await registerImageWorker();
 */
export async function registerImageWorker({ url, scope }: RegisterImageWorkerOptions = {}): Promise<
  ServiceWorkerRegistration | undefined
> {
  if (import.meta.env?.DEV) {
    console.debug('[image-cache] No service worker in development: run `vite build` and `vite preview` to try it.');
    return undefined;
  }
  const file = typeof __IMAGE_CACHE_WORKER__ === 'undefined' ? undefined : __IMAGE_CACHE_WORKER__;
  // A page without https has none, whatever its type says. Nor has a server, which has no `navigator`, or a smaller one.
  const { serviceWorker } = (globalThis.navigator ?? {}) as Partial<Navigator>;
  if (serviceWorker === undefined || file === false) return undefined;
  const address = url ?? (file && (import.meta.env?.BASE_URL ?? '/') + file);
  if (!address) fail('NOT_BUILT', 'There is no worker', 'Set `serviceWorker: {}` of imageCache() in vite.config.');
  const script = new URL(address, document.baseURI);
  const place = new URL(scope ?? './', scope === undefined ? script : document.baseURI);
  const other = await workerAt(serviceWorker, place.href);
  if (other !== undefined && other !== script.pathname) {
    fail(
      'SCOPE_TAKEN',
      `${place.pathname} has the worker ${other}`,
      'Import the script into that one, or unregister it first.',
    );
  }
  return serviceWorker.register(script, { scope: place.href }).catch((cause: unknown) => {
    const hint =
      'Is it there, of the origin of the page, sent as JavaScript, and not below its scope? `url` and `scope` say where it is.';
    return fail('NOT_REGISTERED', `The browser refuses ${script.href}: ${String(cause)}`, hint);
  });
}

/** The path of the worker of the pages in a scope. */
async function workerAt(container: ServiceWorkerContainer, scope: string): Promise<string | undefined> {
  const registration = await container.getRegistration(scope).catch(() => undefined);
  const worker = registration?.active ?? registration?.waiting ?? registration?.installing;
  return worker && registration?.scope === scope ? new URL(worker.scriptURL).pathname : undefined;
}

function fail(code: string, problem: string, hint: string): never {
  throw Object.assign(new Error(`registerImageWorker: ${problem}. ${hint}`), { code, hint });
}
