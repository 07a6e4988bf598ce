import type { JSONReport } from '@playwright/test/reporter';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freePort } from '../helpers/freePort.ts';
import { jpeg } from '../helpers/images.ts';
import { snippetsOf } from '../helpers/snippets.ts';
import { type Bucket, startBucket } from '../helpers/stack.ts';
import { chromiumPath } from './browser.ts';
import { sectionOf, shell, writeRecipeApp } from './recipeApp.ts';

const recipe = await sectionOf('Playwright');

/** An app that shows what its list of photographs has, one more if its address asks for it, and the recipe as the cookbook has it. */
async function writeApp(bucket: Bucket): Promise<string> {
  const port = await freePort();
  const files: Record<string, string> = {
    'index.html': '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/main.ts"></script>',
    'main.ts': `
      import { getProxiedImageUrl } from 'vite-plugin-image-cache/client';
      import photos from './photos.json';
      const shown = location.search === '' ? photos.slice(0, 3) : photos;
      document.body.append(...shown.map((url) => Object.assign(new Image(), { role: 'img', src: getProxiedImageUrl(url) })));
    `,
    'vite.config.ts': `
      import { defineConfig } from 'vite';
      import { imageCache } from 'vite-plugin-image-cache';
      export default defineConfig({
        plugins: [imageCache({ buckets: [${JSON.stringify(bucket.option)}], minFreeSpace: 0 })],
        server: { fs: { strict: false } }, // the package is a link
      });
    `,
    // The browser that npm has brought, which needs nothing installed.
    'here.config.ts': `
      import config from './playwright.config.ts';
      const launchOptions = { executablePath: ${JSON.stringify(await chromiumPath())}, args: ['--no-sandbox'] };
      export default { ...config, workers: 1, use: { ...config.use, launchOptions } };
    `,
  };
  for (const { name = '', code } of snippetsOf(recipe)) files[name] = code.replaceAll('5173', String(port));
  return writeRecipeApp(files, { packages: ['vite', '@playwright'], programs: ['vite', 'playwright'] });
}

/** As if the app's backend had signed them then. */
async function signPhotos(app: string, bucket: Bucket, secondsAgo: number): Promise<void> {
  const names = ['1.jpg', '2.jpg', '3.jpg', 'new.jpg'];
  const urls = await Promise.all(names.map((name) => bucket.presign(name, secondsAgo)));
  await writeFile(join(app, 'photos.json'), JSON.stringify(urls));
}

/** Runs the recipe's lines, with the browser that is here. */
const runLines = (lines: string, app: string) =>
  shell(lines.replace('playwright test', 'playwright test -c here.config.ts --reporter=json'), app, {
    PLAYWRIGHT_JSON_OUTPUT_NAME: 'report.json',
  });

it('I44: the recipe for Playwright records a pack with the bucket, and passes without it; a missing image fails its test', async () => {
  const bucket = await startBucket();
  for (const n of [1, 2, 3]) bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
  const app = await writeApp(bucket);
  await signPhotos(app, bucket, 100);
  const [, recording = ''] = /```bash\n([^]*?)```/.exec(recipe) ?? [];
  expect(recording).toContain('export e2e/images.tar');
  const recorded = await runLines(recording, app);
  expect([recorded.code, recorded.complaints]).toEqual([0, expect.anything()]);
  expect(bucket.server.stats.gets).toBe(3);

  await bucket.close();
  await rm(join(app, '.image-cache'), { recursive: true });
  await signPhotos(app, bucket, 0);
  await writeFile(
    join(app, 'e2e/new.spec.ts'),
    `import { test } from './test.ts';
    test('a photograph that nobody has recorded', async ({ page }) => {
      await page.goto('/?more');
    });`,
  );
  const { code, complaints } = await runLines('npx playwright test', app);
  const text = await readFile(join(app, 'report.json'), 'utf8');
  const report = JSON.parse(text) as JSONReport;
  expect(Object.fromEntries(report.suites.map(({ file, specs }) => [file, specs.map(({ ok }) => ok)]))).toEqual({
    'gallery.spec.ts': [true],
    'new.spec.ts': [false],
  });
  expect(code).toBe(1);
  expect(text).toContain('OFFLINE_MISS: images that are not in e2e/images.tar');
  const missed = `${bucket.option.endpoint}/photos/new.jpg`;
  expect(complaints).toContain(`While offline, 1 image was not in the cache: ${missed}.`);
});
