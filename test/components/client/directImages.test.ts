import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDirectImages, type DirectImages } from '../../../components/client/directImages.ts';

let now: number;
let direct: DirectImages;
beforeEach(() => {
  now = 0;
  direct = createDirectImages(() => now);
});
afterEach(() => vi.unstubAllGlobals());

/** An element; jsdom has no layout, so it says itself where it is. */
function element(top: number, { isRendered = true, left = 0 } = {}): HTMLImageElement {
  const img = new Image();
  img.getBoundingClientRect = () => new DOMRect(left, top, 10, 10);
  img.checkVisibility = () => isRendered;
  return img;
}
const BELOW = 10_000;
const user = (img: HTMLImageElement | null, isEager = false) => ({ img, isEager, drop: vi.fn() });

test('three keys have a place; the same key has it again', () => {
  expect(['a', 'b', 'c', 'd', 'a'].map(direct.claim)).toEqual([true, true, true, false, true]);
});

test('while something is prefetched there is one place less, however many calls that takes', async () => {
  const ends: (() => void)[] = [];
  const prefetch = () => direct.during(new Promise<void>((resolve) => ends.push(resolve)));
  const running = [prefetch(), prefetch()];
  expect(['a', 'b', 'c'].map(direct.claim)).toEqual([true, true, false]);
  for (const end of ends) end();
  await Promise.all(running);
  expect(direct.claim('c')).toBe(true);
});

test('a claim of a render that came to nothing is forgotten', () => {
  for (const key of ['a', 'b', 'c']) direct.claim(key);
  now = 1_001;
  expect(direct.claim('d')).toBe(true);
});

test('a place is held until all elements that show the image have left', () => {
  for (const key of ['a', 'b', 'c']) direct.claim(key);
  const [one, two] = [user(element(0)), user(element(0))];
  direct.enter('a', one);
  direct.enter('a', two);
  direct.leave('a', one);
  now = 5_000;
  direct.enter('b', user(element(0)));
  direct.enter('c', user(element(0)));
  expect(direct.claim('d')).toBe(false);
  direct.leave('a', two);
  expect(direct.claim('d')).toBe(true);
});

test('what is on the screen takes the place of what is not', () => {
  const hidden = user(element(0, { isRendered: false }));
  const below = user(element(BELOW));
  const beside = user(element(0, { left: BELOW }));
  for (const [key, each] of [['hidden', hidden] as const, ['below', below] as const, ['beside', beside] as const]) {
    direct.claim(key);
    direct.enter(key, each);
  }
  for (const key of ['x', 'y', 'z']) expect(direct.claimFor(key, { img: element(0), isEager: false })).toBe(true);
  for (const each of [hidden, below, beside]) expect(each.drop).toHaveBeenCalledOnce();
});

test('an image that has come gives its place to what is on the screen, and is not stopped and fetched again', () => {
  const come = element(0, { isRendered: false });
  Object.defineProperties(come, { complete: { value: true }, naturalWidth: { value: 10 } });
  const hidden = user(come);
  for (const key of ['hidden', 'b', 'c']) direct.claim(key);
  direct.enter('hidden', hidden);
  direct.enter('b', user(element(0)));
  direct.enter('c', user(element(0)));
  expect(direct.claimFor('x', { img: element(0), isEager: false })).toBe(true);
  expect(hidden.drop).not.toHaveBeenCalled();
});

test('what asks already is not stopped because its claim was forgotten', () => {
  direct.claim('slow');
  now = 5_000;
  for (const key of ['a', 'b', 'c']) direct.claim(key);
  const slow = user(element(0));
  direct.enter('slow', slow);
  expect(direct.claim('slow')).toBe(true);
  expect(slow.drop).not.toHaveBeenCalled();
});

test('nothing is stopped for an element that cannot have the place: in a hidden tab, and when a prefetch has it', async () => {
  const below = user(element(BELOW));
  for (const key of ['a', 'b', 'c']) direct.claim(key);
  direct.enter('a', below);
  const hidden = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  expect(direct.claimFor('x', { img: element(0), isEager: false })).toBe(false);
  hidden.mockRestore();
  let end = (): void => {};
  const prefetch = direct.during(new Promise<void>((resolve) => (end = resolve)));
  expect(direct.claimFor('x', { img: element(0), isEager: false })).toBe(false);
  expect(below.drop).not.toHaveBeenCalled();
  end();
  await prefetch;
  expect(direct.claimFor('x', { img: element(0), isEager: false })).toBe(true);
});

test('an eager one is not displaced, wherever it is', () => {
  const eager = user(element(BELOW), true);
  direct.claim('a');
  direct.enter('a', eager);
  for (const key of ['b', 'c', 'd']) direct.claimFor(key, { img: element(0), isEager: false });
  expect(eager.drop).not.toHaveBeenCalled();
});

test.each([
  ['below', element(BELOW)],
  ['not rendered', element(0, { isRendered: false })],
  ['without an element', null],
])('what is %s takes no place that it did not claim while rendering', (_name, img) => {
  expect(direct.claimFor('a', { img, isEager: false })).toBe(false);
});

test('a server that renders HTML gives three a place in each piece of it', async () => {
  vi.stubGlobal('document', undefined);
  expect(['a', 'b', 'c', 'd'].map(direct.claim)).toEqual([true, true, true, false]);
  await Promise.resolve();
  expect(direct.claim('d'), 'of another page').toBe(true);
});
