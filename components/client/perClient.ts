import type { CacheClient } from './cacheClient.ts';

/** Makes something once for each client, when it is first asked for. */
export function perClient<T>(make: (client: CacheClient) => T): (client: CacheClient) => T {
  const made = new WeakMap<CacheClient, T>();
  return (client) => {
    const value = made.get(client) ?? make(client);
    made.set(client, value);
    return value;
  };
}
