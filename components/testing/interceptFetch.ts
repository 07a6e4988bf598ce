import type { FakeServer } from './fakeServer.ts';

/**
 * Answers what is fetched below `base`, and nothing else.
 * @returns a function that stops
 */
export function interceptFetch(base: string, server: FakeServer, onRequest: (request: string) => void): () => void {
  const { fetch: original } = globalThis;
  const fake: typeof fetch = async (input, init) => {
    if (typeof input !== 'string' || !input.startsWith(base)) return original(input, init);
    const path = input.slice(base.length);
    onRequest(`${init?.method ?? 'GET'} ${path.split('?')[0]}`);
    return server.answer(path, init);
  };
  globalThis.fetch = fake;
  return () => {
    // Whoever has replaced it since restores what it has found.
    if (globalThis.fetch === fake) globalThis.fetch = original;
  };
}
