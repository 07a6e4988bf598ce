import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { compareFiles } from '../corpus/compareFiles.ts';
import { EXPECTATIONS } from '../corpus/expectations.ts';
import { hasOtherSize, isMissed } from '../corpus/report.ts';
import { launchBrowser } from './browser.ts';

test('N2, B19: images that Chromium shows are kept, with the size that it shows, and the expectations about the files are right', async () => {
  const folder = join(import.meta.dirname, '../corpus/files');
  const files = (await readdir(folder)).toSorted().map((name) => join(folder, name));
  const browser = await launchBrowser();
  try {
    const comparisons = await compareFiles(browser, files);
    expect(comparisons.filter((it) => isMissed(it) || hasOtherSize(it))).toEqual([]);
    const shownAs = comparisons.map(({ file, shown: { isShown, width, height } }) => [
      basename(file),
      isShown ? [width, height] : 'not',
    ]);
    const expected = Object.entries(EXPECTATIONS).map(([name, { shown }]) => [
      name,
      shown === 'without a size' ? expect.any(Array) : shown,
    ]);
    expect(Object.fromEntries(shownAs)).toEqual(Object.fromEntries(expected));
  } finally {
    await browser.close();
  }
});
