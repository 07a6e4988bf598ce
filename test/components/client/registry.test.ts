import { expect, test, vi } from 'vitest';
import type { ManifestEntry } from '../../../plugin/protocol.ts';
import { createRegistry } from '../../../components/client/registry.ts';
import { applyEvent, evict, learn } from '../../../components/client/registryChanges.ts';
import { BUCKET, entryOf } from '../cacheServer.ts';

const KEY = `${BUCKET}/a.jpg`;

test('an answer to a question from before an invalidation is dropped', () => {
  const registry = createRegistry();
  const { revision } = registry.get(KEY);
  applyEvent(registry, { type: 'invalidated', s3_urls: [KEY] });
  learn(registry, KEY, entryOf('a.jpg'), revision);
  expect(registry.get(KEY)).toEqual({ entry: undefined, revision: 1 });
});

test('an event for the canonical URL reaches the image under its other names', () => {
  const registry = createRegistry();
  const alias = 'https://s3.amazonaws.com/photos/a.jpg';
  learn(registry, alias, entryOf('a.jpg'));
  const listener = vi.fn();
  registry.subscribe([alias], listener);
  applyEvent(registry, { type: 'invalidated', s3_urls: [KEY] });
  expect(listener).toHaveBeenCalledOnce();
  expect(registry.get(alias).revision).toBe(1);
});

test('other bytes of an object are a new revision, so that whoever shows the old ones hears of it', () => {
  const registry = createRegistry();
  const revisionAfter = (change: Partial<ManifestEntry>) => {
    applyEvent(registry, { type: 'stored', entry: entryOf('a.jpg', change) });
    return registry.get(KEY).revision;
  };
  expect(revisionAfter({ sha256: 'one' }), 'nothing was known').toBe(0);
  expect(revisionAfter({ sha256: 'one', placeholder: 'xyz' }), 'the same bytes').toBe(0);
  expect(revisionAfter({ sha256: 'small', original_sha256: 'one' }), 'a smaller file of them').toBe(0);
  expect(revisionAfter({ sha256: 'two' })).toBe(1);
  expect(registry.get(KEY).entry?.sha256).toBe('two');
  learn(registry, KEY, entryOf('a.jpg', { sha256: 'one' }), 0);
  expect(registry.get(KEY).entry?.sha256, 'an answer from before').toBe('two');
});

test('clearing everything reaches images that nothing is known of', () => {
  const registry = createRegistry();
  const listener = vi.fn();
  registry.subscribe([KEY], listener);
  applyEvent(registry, { type: 'cleared', s3_urls: [] });
  expect(listener).toHaveBeenCalledOnce();
});

test('clearing an actor leaves what is not named alone', () => {
  const registry = createRegistry();
  learn(registry, KEY, entryOf('a.jpg'));
  applyEvent(registry, { type: 'cleared', actor_id: '0001', s3_urls: [`${BUCKET}/b.jpg`] });
  expect(registry.get(KEY).entry).toEqual(entryOf('a.jpg'));
});

test('is bounded: the oldest goes, the mounted stays', () => {
  const registry = createRegistry();
  registry.subscribe(['a'], () => {});
  for (const key of ['a', 'b', 'c', 'd']) learn(registry, key, null);
  evict(registry, 2);
  expect(['a', 'b', 'c', 'd'].filter((key) => registry.get(key).entry === null)).toEqual(['a', 'd']);
});

test('hands out the same object until something changes', () => {
  const registry = createRegistry();
  learn(registry, KEY, null);
  expect(registry.get(KEY)).toBe(registry.get(KEY));
  expect(registry.get('other')).toBe(registry.get('another'));
});
