// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest';
import { moveFocus } from '../../../demo/src/moveFocus.ts';

/** Two rows of a justified grid: boxes of unequal width, as [left, top, width, height]. */
const BOXES = {
  a: [0, 0, 300, 100],
  b: [310, 0, 100, 100],
  c: [420, 0, 180, 100],
  d: [0, 110, 200, 100],
  e: [210, 110, 390, 100],
} as const;

beforeEach(() => {
  document.body.innerHTML = `<div data-grid>${Object.keys(BOXES)
    .map((id) => `<button id="${id}" data-cell></button>`)
    .join('')}</div><button id="outside"></button>`;
  // jsdom lays nothing out.
  for (const [id, [left, top, width, height]] of Object.entries(BOXES)) {
    const cell = document.getElementById(id);
    if (cell !== null) cell.getBoundingClientRect = () => new DOMRect(left, top, width, height);
  }
  document.addEventListener('keydown', moveFocus);
});

function press(from: string, key: string, init: KeyboardEventInit = {}): string | undefined {
  document.getElementById(from)?.focus();
  document.activeElement?.dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }),
  );
  return document.activeElement?.id;
}

test.each([
  ['a', 'ArrowRight', 'b'],
  ['b', 'ArrowRight', 'c'],
  ['c', 'ArrowRight', 'c'],
  ['b', 'ArrowLeft', 'a'],
  ['a', 'ArrowDown', 'd'],
  ['c', 'ArrowDown', 'e'],
  ['d', 'ArrowUp', 'a'],
  ['a', 'ArrowUp', 'a'],
])('from %s, %s leads to %s', (from, key, to) => {
  expect(press(from, key)).toBe(to);
});

test('other keys, shortcuts and other buttons are left alone', () => {
  expect(press('a', 'Tab')).toBe('a');
  expect(press('a', 'ArrowRight', { altKey: true })).toBe('a');
  expect(press('outside', 'ArrowLeft')).toBe('outside');
});
