import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { registerImageWorker } from '../../../components/client/offline/registerImageWorker.ts';

const register = vi.fn<(script: URL, options: { scope: string }) => Promise<object>>();
/** The worker that the app has already, by its scope. */
const workers = new Map<string, string>();

beforeEach(() => {
  register.mockReset().mockImplementation(async (_, { scope }) => ({ scope }));
  workers.clear();
  const getRegistration = async (scope: string) =>
    workers.has(scope) ? { scope, active: { scriptURL: workers.get(scope) } } : undefined;
  vi.stubGlobal('navigator', { serviceWorker: { register, getRegistration } });
  vi.stubGlobal('__IMAGE_CACHE_WORKER__', 'image-cache-sw.js');
  vi.stubEnv('DEV', false);
  vi.stubEnv('BASE_URL', '/app/');
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const at = (path: string) => new URL(path, document.baseURI).href;

test('registers the script that the build has written below `base`, for the pages there', async () => {
  await expect(registerImageWorker()).resolves.toEqual({ scope: at('/app/') });
  expect(register.mock.calls[0]?.[0].href).toBe(at('/app/image-cache-sw.js'));
});

test('a page that is open again registers the same one', async () => {
  workers.set(at('/app/'), at('/app/image-cache-sw.js'));
  await expect(registerImageWorker()).resolves.toEqual({ scope: at('/app/') });
});

test('registers none in development, and says so quietly', async () => {
  vi.stubEnv('DEV', true);
  const debug = vi.spyOn(console, 'debug').mockReturnValue();
  await expect(registerImageWorker()).resolves.toBeUndefined();
  expect(debug).toHaveBeenCalledOnce();
  expect(register).not.toHaveBeenCalled();
});

test('registers none where there are no workers, and after `serviceWorker: false`', async () => {
  vi.stubGlobal('navigator', {});
  await expect(registerImageWorker()).resolves.toBeUndefined();
  vi.stubGlobal('navigator', undefined);
  await expect(registerImageWorker()).resolves.toBeUndefined();
  vi.stubGlobal('navigator', { serviceWorker: { register } });
  vi.stubGlobal('__IMAGE_CACHE_WORKER__', false);
  await expect(registerImageWorker()).resolves.toBeUndefined();
  expect(register).not.toHaveBeenCalled();
});

test("does not take the pages of the app's own worker away, but takes others beside it", async () => {
  workers.set(at('/app/'), at('/app/sw.js'));
  const refused = { code: 'SCOPE_TAKEN', hint: expect.stringContaining('Import the script') as string };
  await expect(registerImageWorker()).rejects.toMatchObject(refused);
  expect(register).not.toHaveBeenCalled();
  await expect(registerImageWorker({ scope: '/app/photos/' })).resolves.toEqual({ scope: at('/app/photos/') });
});

test('without the option there is nothing to register, unless the app says where it is', async () => {
  vi.stubGlobal('__IMAGE_CACHE_WORKER__', undefined);
  await expect(registerImageWorker()).rejects.toMatchObject({ code: 'NOT_BUILT' });
  await registerImageWorker({ url: '/workers/images.js' });
  expect(register.mock.calls[0]?.[0].href).toBe(at('/workers/images.js'));
  expect(register.mock.calls[0]?.[1].scope).toBe(at('/workers/'));
});

test('says what the browser had against it', async () => {
  register.mockRejectedValue(new TypeError('A bad HTTP response code (404) was received'));
  const refused = { code: 'NOT_REGISTERED', message: expect.stringContaining('404') as string };
  await expect(registerImageWorker()).rejects.toMatchObject(refused);
});
