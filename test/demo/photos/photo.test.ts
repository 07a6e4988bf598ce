import { describe, expect, test } from 'vitest';
import { ACTOR_IDS, chanceOf, photosOf } from '../../../demo/photos/photo.ts';
import { SERIES } from '../../../demo/photos/series.ts';

describe('photosOf', () => {
  test('there are 40 actors with 25 pictures each, and no name twice', () => {
    const names = ACTOR_IDS.flatMap((id) => photosOf(id).map(({ filename }) => filename));
    expect(ACTOR_IDS).toHaveLength(40);
    expect(ACTOR_IDS.at(-1)).toBe('0040');
    expect(new Set(names).size).toBe(1_000);
  });

  test('every actor has portraits and landscapes', () => {
    for (const id of ACTOR_IDS) {
      const shapes = new Set(photosOf(id).map(({ width, height }) => `${width}×${height}`));
      expect([id, [...shapes].toSorted()]).toEqual([id, ['1200×800', '800×1200']]);
    }
  });

  test.each(['0000', '0041', '1', '../1', ''])('there is no actor %j', (id) => {
    expect(photosOf(id)).toEqual([]);
  });
});

test('every series has a name of its own', () => {
  expect(new Set(SERIES.map(({ name }) => name)).size).toBe(SERIES.length);
});

test('the same picture meets the same chance, another one another', () => {
  const draw = (id: string, index: number) => {
    const random = chanceOf(id, index);
    return [random(), random(), random()];
  };
  expect(draw('0007', 3)).toEqual(draw('0007', 3));
  expect(draw('0007', 3)).not.toEqual(draw('0007', 4));
  expect(draw('0007', 3)).not.toEqual(draw('0008', 3));
});
