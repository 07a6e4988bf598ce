import { describe, expect, it } from 'vitest';
import { moveInGrid } from '../../../components/inspector/views/images/moveInGrid.ts';

/** 23 images in 5 columns: the last row has three. Two rows are on the screen. */
const GRID = { columns: 5, count: 23, rows: 2 };

describe('I21: keys in the grid', () => {
  it.each([
    ['ArrowRight', 4, 5],
    ['ArrowRight', 22, 22],
    ['ArrowLeft', 5, 4],
    ['ArrowLeft', 0, 0],
    ['ArrowDown', 3, 8],
    ['ArrowDown', 19, 22],
    ['ArrowDown', 21, 21],
    ['ArrowUp', 8, 3],
    ['ArrowUp', 3, 3],
    ['PageDown', 1, 11],
    ['PageDown', 14, 22],
    ['PageUp', 22, 12],
    ['PageUp', 6, 1],
    ['Home', 13, 0],
    ['End', 2, 22],
  ])('%s from %i leads to %i', (key, from, to) => {
    expect(moveInGrid(from, key, GRID)).toBe(to);
  });

  it('other keys move nothing', () => {
    for (const key of ['a', 'Tab', 'Enter', 'Escape']) expect(moveInGrid(3, key, GRID)).toBeUndefined();
  });

  it('every key stays inside of every grid', () => {
    const keys = ['ArrowRight', 'ArrowLeft', 'ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End'];
    for (let count = 1; count < 12; count += 1) {
      for (let columns = 1; columns < 6; columns += 1) {
        for (const key of keys) {
          for (let from = 0; from < count; from += 1) {
            const to = moveInGrid(from, key, { columns, count, rows: 2 }) ?? -1;
            expect(to >= 0 && to < count, `${key} from ${from} of ${count} in ${columns}`).toBe(true);
          }
        }
      }
    }
  });
});
