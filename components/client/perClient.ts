import type { CacheClient } from './cacheClient.ts';

/** Returns a function that creates something once for each client, at the first call. */
export function perClient<T>(make: (client: CacheClient) => T): (client: CacheClient) => T {
  const made = new WeakMap<CacheClient, T>();
  return (client) => {
    const value = made.get(client) ?? make(client);
    made.set(client, value);
    return value;
  };
}
