import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectImage } from '../../plugin/images/index.ts';
import { codeOf } from '../images/bytes.ts';
import { EXPECTATIONS } from './expectations.ts';

const FILES = join(import.meta.dirname, 'files');

test('each file has an expectation, and each expectation a file', async () => {
  expect((await readdir(FILES)).toSorted()).toEqual(Object.keys(EXPECTATIONS).toSorted());
});

test.each(Object.entries(EXPECTATIONS))('N2, B19: %s', async (name, { shown, unannounced }) => {
  const bytes = await readFile(join(FILES, name));
  const inspect = (proof: 'announced' | 'structure') => inspectImage(bytes, proof, { allowSvg: true });
  expect(codeOf(() => inspect('structure')) ?? 'whole').toBe(unannounced);
  if (shown === 'not') {
    expect(codeOf(() => inspect('announced'))).toBe('NOT_AN_IMAGE');
    return;
  }
  const { width, height } = inspect('announced');
  expect([width, height]).toEqual(shown === 'without a size' ? [undefined, undefined] : shown);
});
