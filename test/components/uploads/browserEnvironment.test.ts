import { expect, test } from 'vitest';
import { browserEnvironment } from '../../../components/uploads/browserEnvironment.ts';

test('D8: a page that is held asks before it is left, until it is released', () => {
  const isAsked = (): boolean => !dispatchEvent(new Event('beforeunload', { cancelable: true }));
  expect(isAsked()).toBe(false);
  const [first, second] = [browserEnvironment.holdPage(), browserEnvironment.holdPage()];
  first();
  expect(isAsked()).toBe(true);
  second();
  second();
  expect(isAsked()).toBe(false);
});
