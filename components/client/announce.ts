import type { CacheEvent } from '../../plugin/protocol.ts';
import type { CacheClient } from './cacheClient.ts';
import { applyEvent } from './registryChanges.ts';

/** Has a client take in a change and tell its subscribers. */
export function announce(client: CacheClient, event: CacheEvent): void {
  applyEvent(client.registry, event);
  client.emit(event);
}
