import { describe, expect, it } from 'vitest';
import { measureInRounds, median } from './rounds.ts';

describe('median', () => {
  it('is the middle value, or the mean of the middle two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
    expect(median([3])).toBe(3);
  });
});

describe('measureInRounds', () => {
  const scripted = (values: number[]) => async () => values.shift() ?? Number.NaN;
  const same = (value: number) => value;

  it('lets the contenders take turns', async () => {
    const turns: string[] = [];
    const contender = (name: string) => ({ name, measure: async () => turns.push(name) });
    await measureInRounds(2, [contender('a'), contender('b')]);
    expect(turns).toEqual(['a', 'b', 'a', 'b']);
  });

  it('compares within a round, so that a slow minute of the machine does not count', async () => {
    const rounds = await measureInRounds(3, [
      { name: 'a', measure: scripted([200, 20, 220]) },
      { name: 'b', measure: scripted([100, 10, 100]) },
    ]);
    expect(rounds.ratio('a', 'b', same)).toBe(2);
    expect(rounds.median('a', same)).toBe(200);
  });

  it('knows nothing of a contender that was absent', async () => {
    const rounds = await measureInRounds<'a' | 'b', number>(1, [{ name: 'a', measure: async () => 1 }]);
    expect(rounds.median('b', same)).toBeUndefined();
    expect(rounds.ratio('a', 'b', same)).toBeUndefined();
  });
});
