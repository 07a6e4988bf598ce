import { expect, it } from 'vitest';
import { type Cell, reactApp } from './cell.ts';
import { STEPS, hasFailed, renderTable } from './table.ts';

const cell: Cell = { name: 'Vite 8', ...reactApp('8', '6') };
const versions = ['vite 8.3.8'];
const passed = Object.fromEntries(
  STEPS.filter((step) => !['test', 'offline'].includes(step)).map((step) => [step, 'yes']),
);

it('E1: a cell passes when each of its steps has been taken', () => {
  expect(hasFailed({ cell, versions, steps: passed })).toBe(false);
  const { types: _, ...withoutTypes } = passed;
  expect(hasFailed({ cell, versions, steps: withoutTypes })).toBe(true);
  const { types: __, ...untyped } = cell;
  expect(hasFailed({ cell: untyped, versions, steps: withoutTypes })).toBe(false);
});

it('E1: a step that failed, or was not reached, is not green', () => {
  const result = { cell, versions, steps: { install: 'yes', dev: 'does not answer' } };
  expect(hasFailed(result)).toBe(true);
  const text = renderTable([result]);
  expect(text).toMatch(/^\| Vite 8 \| vite 8\.3\.8 \| ✓ \| FAILED \| not reached /m);
  expect(text).toContain('### Vite 8, dev\n\ndoes not answer');
});

it('E1: a cell that cannot be had is no failure, and says so in its row', () => {
  const result = { cell: { ...cell, notAvailable: 'waku is not in the registry' }, versions: [], steps: {} };
  expect(hasFailed(result)).toBe(false);
  expect(renderTable([result])).toMatch(/^\| Vite 8 \| not available: waku is not in the registry \|(?:  \|){10}$/m);
});
