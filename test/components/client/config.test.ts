import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => vi.unstubAllGlobals());

async function fresh(): Promise<typeof import('../../../components/client/config.ts')> {
  vi.resetModules();
  return import('../../../components/client/config.ts');
}

test('without the plugin there is no cache', async () => {
  const { configuredBaseUrl } = await fresh();
  expect(configuredBaseUrl()).toBeUndefined();
});

test("the plugin's base is found under Vite's own", async () => {
  vi.stubGlobal('__IMAGE_CACHE__', { base: '/api/cache' });
  const { configuredBaseUrl } = await fresh();
  expect(configuredBaseUrl()).toBe('/api/cache');
});

test('what the app says is stronger than what the plugin says', async () => {
  vi.stubGlobal('__IMAGE_CACHE__', { base: '/api/cache' });
  const { configure, configuredBaseUrl, onConfigure } = await fresh();
  const listener = vi.fn();
  onConfigure(listener);
  configure({ base: '/images/' });
  expect(configuredBaseUrl()).toBe('/images');
  configure({ base: false });
  expect(configuredBaseUrl()).toBeUndefined();
  expect(listener).toHaveBeenCalledTimes(2);
});
