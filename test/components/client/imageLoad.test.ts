import { describe, expect, test } from 'vitest';
import {
  beginLoad,
  type ImageOptionsForLoad,
  hasFailed,
  type LoadEvent,
  type LoadState,
  reduce,
  type SourceName,
} from '../../../components/client/imageLoad.ts';

/** An image that has these sources now. */
const imageWith = (...names: SourceName[]): ImageOptionsForLoad => ({
  canRecover: true,
  urlsOf: (name) => (names.includes(name) ? { src: name, srcSet: undefined } : undefined),
});

/** `loading cached`, `wanted`, … */
function stateOf(text: string, tries = 0): LoadState {
  // The texts are those below.
  const [status, name] = text.split(' ') as [LoadState['status'], SourceName | undefined];
  return { status, source: name && { name, src: name, srcSet: undefined }, tries };
}
const textOf = ({ status, source }: LoadState): string => (source ? `${status} ${source.name}` : status);

const EVENTS: Record<string, LoadEvent> = {
  cached: { type: 'cached' },
  ask: { type: 'ask' },
  want: { type: 'want' },
  drop: { type: 'drop' },
  refused: { type: 'refused', isFinal: false },
  expired: { type: 'refused', isFinal: true },
  load: { type: 'load' },
  error: { type: 'error' },
  retry: { type: 'retry' },
  giveUp: { type: 'giveUp' },
};

/** The whole machine: states, and what each event makes of them; `·` is the same state. */
const TABLE = `
state                  | cached         | ask                  | want   | drop    | refused          | expired    | load                | error                | retry  | giveUp
unknown                | loading cached | loading cached       | wanted | ·       | ·                | ·          | ·                   | ·                    | ·      | ·
wanted                 | loading cached | loading cached       | ·      | unknown | loading original | recovering | ·                   | ·                    | ·      | ·
loading variants       | ·              | ·                    | ·      | ·       | ·                | ·          | loaded variants     | loading cached       | ·      | ·
loading cached         | ·              | ·                    | ·      | ·       | ·                | ·          | loaded cached       | loading read-through | ·      | ·
loading read-through   | ·              | ·                    | ·      | unknown | ·                | ·          | loaded read-through | loading original     | ·      | ·
loading original       | ·              | ·                    | ·      | ·       | ·                | ·          | loaded original     | recovering original  | wanted | ·
loading fallback       | loading cached | ·                    | ·      | ·       | ·                | ·          | loaded fallback     | failed fallback      | wanted | ·
loaded variants        | ·              | ·                    | ·      | ·       | ·                | ·          | ·                   | loading cached       | ·      | ·
loaded cached          | ·              | ·                    | ·      | ·       | ·                | ·          | ·                   | loading read-through | ·      | ·
loaded read-through    | ·              | ·                    | ·      | ·       | ·                | ·          | ·                   | loading original     | ·      | ·
loaded original        | ·              | ·                    | ·      | ·       | ·                | ·          | ·                   | recovering original  | ·      | ·
loaded fallback        | loading cached | ·                    | ·      | ·       | ·                | ·          | ·                   | failed fallback      | wanted | ·
recovering             | loading cached | ·                    | ·      | ·       | ·                | ·          | ·                   | ·                    | wanted | loading fallback
recovering original    | loading cached | ·                    | ·      | ·       | ·                | ·          | ·                   | ·                    | wanted | loading fallback
failed                 | loading cached | ·                    | ·      | ·       | ·                | ·          | ·                   | ·                    | wanted | ·
failed original        | loading cached | ·                    | ·      | ·       | ·                | ·          | ·                   | ·                    | wanted | ·
`;

const [heads = [], ...rows] = TABLE.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('every state and event', () => {
  const cases = rows.flatMap(([from = '', ...cells]) =>
    cells.map((to, at) => [from, heads[at + 1] ?? '', to] as const),
  );

  test('the table has them all', () => {
    expect(heads.slice(1)).toEqual(Object.keys(EVENTS));
    expect(cases).toHaveLength(16 * 10);
  });

  test.each(cases)('%s, %s: %s', (from, name, to) => {
    const image = imageWith('cached', 'read-through', 'original', 'fallback');
    const before = stateOf(from);
    const event = EVENTS[name];
    if (!event) throw new Error(`There is no event '${name}'.`);
    const after = reduce(before, event, image);
    if (to === '·') expect(after).toBe(before);
    else expect(textOf(after)).toBe(to);
  });
});

describe('what follows depends on what there is', () => {
  test.each<[string, string, readonly SourceName[], string]>([
    ['without a fallback, giving up is the end', 'giveUp', [], 'failed original'],
    ['variants are preferred to the whole image', 'cached', ['variants', 'cached'], 'loading variants'],
  ])('%s', (_name, event, sources, to) => {
    const after = reduce(stateOf('recovering original'), EVENTS[event] as LoadEvent, imageWith(...sources)); // one of them
    expect(textOf(after)).toBe(to);
  });

  test('without a server, no reason can be asked for', () => {
    const image = { ...imageWith('original', 'fallback'), canRecover: false };
    expect(textOf(beginLoad(image))).toBe('loading original');
    expect(textOf(reduce(stateOf('loading original'), { type: 'error' }, image))).toBe('loading fallback');
    const bare = { ...imageWith('original'), canRecover: false };
    expect(textOf(reduce(stateOf('loading original'), { type: 'error' }, bare))).toBe('failed original');
  });

  test('an original with a newer signature is tried before anything is given up', () => {
    const image: ImageOptionsForLoad = { canRecover: true, urlsOf: () => ({ src: 'newer', srcSet: undefined }) };
    const after = reduce(stateOf('loading original'), { type: 'error' }, image);
    expect(after).toMatchObject({ status: 'loading', source: { name: 'original', src: 'newer' } });
  });

  test('without an original, which a server that is offline does not let the page ask, the reason is asked for at once', () => {
    const image = imageWith('cached', 'read-through', 'fallback');
    expect(textOf(reduce(stateOf('loading read-through'), { type: 'error' }, image))).toBe('recovering read-through');
    expect(textOf(reduce(stateOf('wanted'), { type: 'refused', isFinal: false }, image))).toBe('recovering');
    expect(textOf(reduce(stateOf('recovering read-through'), { type: 'giveUp' }, image))).toBe('loading fallback');
    expect(textOf(reduce(stateOf('loading fallback'), { type: 'error' }, image))).toBe('failed fallback');
  });

  test('an expired signature has no remedy without a server', () => {
    const image = { ...imageWith('original'), canRecover: false };
    expect(textOf(reduce(stateOf('wanted'), { type: 'refused', isFinal: true }, image))).toBe('loading original');
  });
});

test('tries are counted, and what was given up begins anew', () => {
  expect(reduce(stateOf('recovering', 1), { type: 'retry' }, imageWith())).toEqual(stateOf('wanted', 2));
  expect(reduce(stateOf('failed', 2), { type: 'retry' }, imageWith())).toEqual(stateOf('wanted', 0));
});

test('what is not cached reads through when it is asked for', () => {
  const image = imageWith('read-through', 'original');
  expect(textOf(reduce(stateOf('unknown'), { type: 'ask' }, image))).toBe('loading read-through');
});

test('a cached copy that no browser can draw is believed in once a try, however often the server says that it has it', () => {
  const image = imageWith('cached', 'read-through', 'original');
  let state = stateOf('loading cached');
  for (const step of ['error', 'error', 'error']) state = reduce(state, EVENTS[step] as LoadEvent, image); // one of them
  expect(textOf(state)).toBe('recovering original');
  expect(reduce(state, { type: 'cached' }, image)).toBe(state);
  expect(textOf(reduce(reduce(state, { type: 'retry' }, image), { type: 'cached' }, image))).toBe('loading cached');
});

test('an image that is known begins with its cached copy, another one with a question', () => {
  expect(textOf(beginLoad(imageWith('cached', 'original')))).toBe('loading cached');
  expect(textOf(beginLoad(imageWith('variants', 'cached')))).toBe('loading variants');
  expect(beginLoad(imageWith('read-through', 'original'))).toEqual(stateOf('unknown'));
});

test('a renewed signature begins the same state anew, so that it is pursued once more', () => {
  const before = stateOf('unknown');
  const after = reduce(before, { type: 'renewed' }, imageWith());
  expect(after).toEqual(before);
  expect(after).not.toBe(before);
  expect(reduce(stateOf('loading cached'), { type: 'renewed' }, imageWith())).toEqual(stateOf('loading cached'));
});

test('what has failed, or shows its fallback, counts as failed', () => {
  expect(['failed', 'failed original', 'loading fallback', 'loaded fallback'].map(stateOf).every(hasFailed)).toBe(true);
  expect(['unknown', 'wanted', 'recovering original', 'loaded original'].map(stateOf).some(hasFailed)).toBe(false);
});
