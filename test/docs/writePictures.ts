/**
 * `npm run docs:pictures` takes the pictures of `docs/inspector.md`: of the demo, in a real browser. They are small, because whoever
 * clones the repository downloads them.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { launchBrowser } from '../e2e/browser.ts';
import { spawnUntil } from '../helpers/child.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pictures = join(root, 'docs', 'pictures');
/** The browser that npm brings has no font for code; a system has. */
process.env['FONTCONFIG_PATH'] ??= '/etc/fonts';

const directory = await mkdtemp(join(tmpdir(), 'image-cache-pictures-'));
const demo = await spawnUntil(process.execPath, ['demo/start.ts', '--no-open', '--port', '0'], 'Open ', {
  cwd: root,
  env: {
    ...process.env,
    DEMO_CACHE_DIR: join(directory, '.image-cache'),
    DEMO_OUTBOX_DIR: join(directory, '.image-outbox'),
    DEMO_NOTES_FILE: join(directory, 'notes.json'),
    DEMO_S3_PORT: '0',
    DEMO_LATENCY_MS: '300',
  },
});
const browser = await launchBrowser();
try {
  await takePictures(demo.ready.trim());
} finally {
  await browser.close();
  await demo.kill('SIGTERM');
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
}

async function takePictures(origin: string): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 720 }, colorScheme: 'light' });
  await fillCache(page, origin);
  const [missing] = await letSomeFail(origin);
  await mkdir(pictures, { recursive: true });
  await takeMarks(page, origin);
  const photographs = await show(page, `${origin}__image-cache/#/images`);
  await photographs.getByRole('gridcell').nth(1).click();
  await photographs.getByRole('heading', { name: 'Story' }).waitFor();
  await photographs.waitForFunction(() => document.querySelectorAll('.picture[data-state="shown"]').length > 6);
  await photographs.waitForTimeout(1000); // they appear by a transition
  await write(
    'images.jpg',
    await sharp(await page.screenshot())
      .jpeg({ quality: 55, mozjpeg: true })
      .toBuffer(),
  );
  for (const view of ['activity', 'problems', `doctor?url=${encodeURIComponent(missing)}`]) {
    await show(page, `${origin}__image-cache/#/${view}`);
    const picture = sharp(await page.screenshot()).png({ palette: true, colours: 20, compressionLevel: 9 });
    await write(`${view.split('?')[0]}.png`, await picture.toBuffer());
  }
}

/** A page of the app whose pictures come from different places, with marks on them. */
async function takeMarks(page: Page, origin: string): Promise<void> {
  const { entries } = (await (await fetch(`${origin}api/cache/manifest`)).json()) as {
    entries: Record<string, object>;
  };
  const urls = Object.keys(entries).filter((url) => url.includes('/0003/'));
  for (const s3_url of urls.filter((_, index) => index % 3 === 0)) {
    const headers = { 'Content-Type': 'application/json' };
    await fetch(`${origin}api/cache/invalidate`, { method: 'POST', headers, body: JSON.stringify({ s3_url }) });
  }
  await page.addInitScript({ content: `import('/__image-cache/overlay.js?base=/api/cache&show')` });
  await showApp(page, `${origin}#/actor/0003`);
  const marks = page.locator('image-cache-origins a');
  await marks.nth(5).waitFor();
  await marks.first().focus();
  await write(
    'origins.jpg',
    await sharp(await page.screenshot())
      .jpeg({ quality: 60, mozjpeg: true })
      .toBuffer(),
  );
}

/** Opens pages of the app, so that there are hits, and misses for several reasons. */
async function fillCache(page: Page, origin: string): Promise<void> {
  for (const path of ['#/', '#/actor/0003', '#/actor/0003', '#/actor/0007']) await showApp(page, origin + path);
  await fetch(`${origin}api/cache/clear/0007`, { method: 'POST' });
  await showApp(page, `${origin}#/actor/0007`);
}

async function showApp(page: Page, url: string): Promise<void> {
  await page.goto('about:blank');
  await page.goto(url);
  await page.waitForFunction(() => [...document.images].filter((img) => img.naturalWidth > 0).length >= 8);
  await page.waitForTimeout(3000); // for those below, which are fetched ahead
}

/** Requests what cannot be answered, as wrong pages do. @returns their URLs */
async function letSomeFail(origin: string): Promise<[string, string]> {
  const storage = /Storage\s+(\S+)/.exec(demo.output())?.[1] ?? '';
  const urls: [string, string] = [`${storage}/portraits/anna.jpg`, 's3://archive/a.jpg'];
  for (const url of urls) await fetch(`${origin}api/cache/image?url=${encodeURIComponent(url)}`);
  return urls;
}

/** A view of the inspector that has everything it shows. */
async function show(page: Page, url: string): Promise<Page> {
  await page.goto('about:blank');
  await page.goto(url);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  return page;
}

async function write(name: string, bytes: Buffer): Promise<void> {
  await writeFile(join(pictures, name), bytes);
  console.log(`${name}: ${bytes.length} bytes`);
}
