/**
 * `npm run test:corpus -- <folder> …`: holds every file in these folders against what a real browser shows of it, as if its length
 * had been announced, and as if nothing had been. Prints a table by format, and the files that we and the browser disagree about.
 * Fails when the browser shows one that is refused here although its length was announced.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launchBrowser } from '../e2e/browser.ts';
import { compareFiles } from './compareFiles.ts';
import { isMissed, report } from './report.ts';

const folders = process.argv.slice(2);
if (folders.length === 0) throw new Error('Name a folder of images: npm run test:corpus -- ~/Pictures');

const files: string[] = [];
for (const folder of folders) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) files.push(join(entry.parentPath, entry.name));
  }
}

const browser = await launchBrowser();
try {
  const comparisons = await compareFiles(browser, files.toSorted());
  process.stdout.write(`Chromium ${browser.version()}\n\n${report(comparisons)}\n`);
  if (comparisons.some(isMissed)) process.exitCode = 1;
} finally {
  await browser.close();
}
