import { expect, test, vi } from 'vitest';
import type { ManifestEntry } from '../../../plugin/protocol.ts';
import { createKnownImages } from '../../../components/client/knownImages.ts';
import { BUCKET, entryOf } from '../cacheServer.ts';

const KEY = `${BUCKET}/a.jpg`;

test('an answer to a question from before an invalidation is dropped', () => {
  const known = createKnownImages();
  const { revision } = known.get(KEY);
  known.apply({ type: 'invalidated', s3_urls: [KEY] });
  known.set(KEY, entryOf('a.jpg'), revision);
  expect(known.get(KEY)).toEqual({ entry: undefined, revision: 1 });
});

test('an event for the canonical URL reaches the image under its other names', () => {
  const known = createKnownImages();
  const alias = 'https://s3.amazonaws.com/photos/a.jpg';
  known.set(alias, entryOf('a.jpg'));
  const listener = vi.fn();
  known.subscribe([alias], listener);
  known.apply({ type: 'invalidated', s3_urls: [KEY] });
  expect(listener).toHaveBeenCalledOnce();
  expect(known.get(alias).revision).toBe(1);
});

test('other bytes of an object are a new revision, so that elements that show the old ones are told', () => {
  const known = createKnownImages();
  const revisionAfter = (change: Partial<ManifestEntry>) => {
    known.apply({ type: 'stored', entry: entryOf('a.jpg', change) });
    return known.get(KEY).revision;
  };
  expect(revisionAfter({ sha256: 'one' }), 'nothing was known').toBe(0);
  expect(revisionAfter({ sha256: 'one', placeholder: 'xyz' }), 'the same bytes').toBe(0);
  expect(revisionAfter({ sha256: 'small', original_sha256: 'one' }), 'a smaller file of them').toBe(0);
  expect(revisionAfter({ sha256: 'two' })).toBe(1);
  expect(known.get(KEY).entry?.sha256).toBe('two');
  known.set(KEY, entryOf('a.jpg', { sha256: 'one' }), 0);
  expect(known.get(KEY).entry?.sha256, 'an answer from before').toBe('two');
});

test('clearing everything reaches images that nothing is known of', () => {
  const known = createKnownImages();
  const listener = vi.fn();
  known.subscribe([KEY], listener);
  known.apply({ type: 'cleared', s3_urls: [] });
  expect(listener).toHaveBeenCalledOnce();
});

test('clearing an actor leaves what is not named alone', () => {
  const known = createKnownImages();
  known.set(KEY, entryOf('a.jpg'));
  known.apply({ type: 'cleared', actor_id: '0001', s3_urls: [`${BUCKET}/b.jpg`] });
  expect(known.get(KEY).entry).toEqual(entryOf('a.jpg'));
});

test('is bounded: the oldest goes, the mounted stays', () => {
  const known = createKnownImages(2);
  known.subscribe(['a'], () => {});
  for (const key of ['a', 'b', 'c', 'd']) known.set(key, null);
  expect(['a', 'b', 'c', 'd'].filter((key) => known.get(key).entry === null)).toEqual(['a', 'd']);
});

test('hands out the same object until something changes', () => {
  const known = createKnownImages();
  known.set(KEY, null);
  expect(known.get(KEY)).toBe(known.get(KEY));
  expect(known.get('other')).toBe(known.get('another'));
});

test('the other names of an object that is mounted are known for as long as it is', () => {
  const known = createKnownImages(2);
  const alias = 'https://s3.amazonaws.com/photos/a.jpg';
  known.subscribe([alias], () => {});
  known.set(alias, entryOf('a.jpg'));
  known.set(KEY, entryOf('a.jpg'));
  for (const key of ['b', 'c', 'd']) known.set(key, null);
  known.apply({ type: 'invalidated', s3_urls: [KEY] });
  expect(known.get(alias).revision).toBe(1);
});
