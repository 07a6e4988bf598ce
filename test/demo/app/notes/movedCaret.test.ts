import { expect, test } from 'vitest';
import { movedCaret } from '../../../../demo/src/notes/movedCaret.ts';

/** `|` is the caret. */
test.each([
  ['ab|c ref def', 'abc longer-url def', 'ab|c longer-url def'],
  ['abc ref de|f', 'abc longer-url def', 'abc longer-url de|f'],
  ['abc ref def|', 'abc u def', 'abc u def|'],
  ['abc r|ef def', 'abc longer-url def', 'abc longer-url| def'],
  ['|', 'abc', '|abc'],
  ['abc|', '', '|'],
])('%j becomes %j', (marked, after, expected) => {
  const caret = marked.indexOf('|');
  const moved = movedCaret(marked.replace('|', ''), after, caret);
  expect(`${after.slice(0, moved)}|${after.slice(moved)}`).toBe(expected);
});
