import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Child, spawnUntil } from '../helpers/child.ts';
import { freePort } from '../helpers/freePort.ts';
import { slowness } from '../helpers/slowness.ts';
import { launchBrowser } from './browser.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const artifacts = join(root, 'test', '.artifacts');
/** As tall as the whole page, so that no picture waits to be scrolled to. */
const TALL = { width: 1400, height: 4200 };
/** How long is waited for a picture to be in the bucket, which answers each of several requests after 1.5 s. */
const ARRIVES = { timeout: 40_000 };
/** How many times as long as plain `<img>`s the whole page of an actor may take, on a machine on which those take long. */
const AS_PLAIN = 4;

let demo: Child;
let browser: Browser;
let origin: string;
let cacheDir: string;
let startedMs: number;
/** How many times slower the machine was at the moment (see `slowness`). */
let slow = slowness().clock;

beforeAll(async () => {
  await mkdir(artifacts, { recursive: true });
  cacheDir = await mkdtemp(join(tmpdir(), 'image-cache-demo-'));
  const port = await freePort();
  const started = performance.now();
  demo = await spawnUntil(process.execPath, ['demo/start.ts', '--no-open', '--port', String(port)], 'Open ', {
    cwd: root,
    env: {
      ...process.env,
      CI: 'true',
      DEMO_CACHE_DIR: join(cacheDir, '.image-cache'),
      DEMO_OUTBOX_DIR: join(cacheDir, '.image-outbox'),
      DEMO_NOTES_FILE: join(cacheDir, 'notes.json'),
      DEMO_S3_PORT: '0',
    },
  });
  startedMs = performance.now() - started;
  slow = Math.max(slow, slowness().clock);
  origin = demo.ready.replace(/\/$/, '');
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await demo?.kill('SIGTERM');
  await rm(cacheDir, { recursive: true, force: true });
});

// A page that is left open goes on fetching ahead, and would be measured with the next one.
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

async function openPage(path = '/', viewport = TALL): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto(origin + path);
  return { page, errors };
}

/** Goes to an actor's page inside the app and waits until all 25 pictures are complete. Milliseconds. */
function openActor(page: Page, id: string): Promise<number> {
  return page.evaluate(async (actor) => {
    const started = performance.now();
    location.hash = `#/actor/${actor}`;
    const complete = () => {
      const pictures = [
        ...document.querySelectorAll<HTMLImageElement>('[data-testid="actor-page"] [data-testid="picture"] img'),
      ];
      return pictures.length === 25 && pictures.every((img) => img.complete && img.naturalWidth > 0);
    };
    while (!complete()) {
      if (performance.now() - started > 60_000) throw new Error('The pictures did not come.');
      await new Promise(requestAnimationFrame);
    }
    return performance.now() - started;
  }, id);
}

/** The same pictures as nothing but `<img>`s, each from its file, on a page of nothing else. Milliseconds. */
async function openPlain(): Promise<number> {
  const page = await browser.newPage({ viewport: TALL });
  await page.goto(`${origin}/demo/network`);
  const ms = await page.evaluate(async () => {
    const { entries } = (await (await fetch('/api/cache/manifest')).json()) as {
      entries: Record<string, { actor_id: string; local_path: string }>;
    };
    const files = Object.values(entries).filter(({ actor_id }) => actor_id === '0040');
    const started = performance.now();
    const pictures = files.map(({ local_path }) => {
      const img = document.body.appendChild(document.createElement('img'));
      img.style.width = '300px';
      img.src = `/api/cache/image?path=${encodeURIComponent(local_path)}`;
      return img;
    });
    while (!pictures.every((img) => img.complete && img.naturalWidth > 0)) await new Promise(requestAnimationFrame);
    return performance.now() - started;
  });
  await page.context().close();
  return ms;
}

async function imagesOf(id: string): Promise<{ s3_url: string }[]> {
  const answer = await fetch(`${origin}/demo/actors/${id}`);
  return ((await answer.json()) as { images: { s3_url: string }[] }).images;
}

const post = (path: string, body?: object) =>
  fetch(`${origin}/api/cache/${path}`, {
    method: 'POST',
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });

/** The pictures of an actor that are not in the cache, whoever they are filed under. */
async function uncachedOf(id: string): Promise<string[]> {
  const answer = await post('lookup', { urls: (await imagesOf(id)).map(({ s3_url }) => s3_url) });
  const { entries } = (await answer.json()) as { entries: Record<string, unknown> };
  return Object.keys(entries).filter((url) => entries[url] === null);
}

const stats = async () =>
  (await fetch(`${origin}/api/cache/stats`)).json() as Promise<{
    total_entries: number;
    actors: Record<string, { entries: number }>;
  }>;

const s3 = async () => ((await (await fetch(`${origin}/demo/network`)).json()) as { stats: { gets: number } }).stats;

describe('the demo', () => {
  it('is usable within 15 seconds of the command: a gallery of 40 actors, and a prefetch that runs', async () => {
    expect(startedMs).toBeLessThan(15_000 * slow);
    const { page, errors } = await openPage();
    await page.getByTestId('actor-card').first().waitFor();
    expect(await page.getByTestId('actor-card').count()).toBe(40);
    await expect.poll(async () => (await stats()).total_entries, { timeout: 30_000 }).toBeGreaterThan(25);
    await page.screenshot({ path: join(artifacts, 'demo-gallery.png') });
    expect(errors).toEqual([]);
  });

  it(
    `shows 25 cached pictures in under 500 ms, or ${AS_PLAIN} times what plain files take, and in more than 1.5 s without the cache`,
    { retry: 1 },
    async () => {
      // From a page without pictures, and with the prefetch paused: nothing else is fetched.
      const visit = async () => {
        const { page, errors } = await openPage('/#/compare/0040');
        await page.getByTestId('pause').click();
        const ms = await openActor(page, '0040');
        const from = await page
          .getByTestId('badge')
          .evaluateAll((badges) => badges.map((badge) => badge.getAttribute('data-from')));
        expect(errors).toEqual([]);
        await page.context().close(); // a page that stays open goes on working
        return { ms, from };
      };
      // S3 paints a picture when it is first asked for it, which takes longer than a cache waits on a slow machine.
      await post('prefetch', { actor_id: '0040', images: await imagesOf('0040') });
      // A second try begins without the pictures, too; and a cached visit begins when all of them are stored.
      await post('clear/0040');
      const uncached = await visit();
      await expect.poll(() => uncachedOf('0040')).toEqual([]);
      // Other work on the machine slows both alike. A visit that is fast enough is the answer, as is a pair that is.
      const cached: Awaited<ReturnType<typeof visit>>[] = [];
      const pairs: { ms: number; plainMs: number }[] = [];
      const isFast = () => pairs.some(({ ms, plainMs }) => ms < Math.max(500, AS_PLAIN * plainMs));
      while (pairs.length < 10 && !isFast()) {
        const plainMs = await openPlain();
        const each = await visit();
        cached.push(each);
        pairs.push({ ms: each.ms, plainMs });
      }
      const shown = pairs.map(({ ms, plainMs }) => `${Math.round(ms)} (plain ${Math.round(plainMs)})`);
      console.log(`25 pictures: ${Math.round(uncached.ms)} ms from S3; cached ${shown.join(', ')} ms`);

      expect(uncached.ms).toBeGreaterThan(1500);
      expect(isFast()).toBe(true);
      // The browser is new to it, too.
      expect(new Set(cached.flatMap(({ from }) => from))).toEqual(new Set(['memory']));
    },
  );

  it('hits on every refresh, although every refresh signs anew', async () => {
    const { page } = await openPage('/#/actor/0040');
    await openActor(page, '0040');
    const signature = () => page.getByTestId('signature').textContent();
    const first = await signature();
    await page.waitForTimeout(1100); // signatures differ by the second
    await page.reload();
    await openActor(page, '0040');
    expect(await signature()).not.toBe(first);
    const badges = await page.getByTestId('badge').allTextContents();
    expect(badges).toHaveLength(25);
    expect(badges.filter((badge) => badge.includes('S3'))).toEqual([]);
  });

  it('does not move a pixel while pictures come in', async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.addInitScript(() => {
      Object.assign(globalThis, { shift: 0 });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) {
          Object.assign(globalThis, { shift: (globalThis as unknown as { shift: number }).shift + entry.value });
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto(`${origin}/#/actor/0039`);
    await page.getByTestId('picture').first().waitFor();
    await page.waitForTimeout(4000); // some arrive from S3 in this time, and must push nothing aside
    expect(await page.evaluate(() => (globalThis as unknown as { shift: number }).shift)).toBeLessThan(0.001);
  });

  it('measures the same page without and with the cache', async () => {
    const { page } = await openPage('/#/compare/0040', { width: 1400, height: 900 });
    const ms = async (side: string) => Number(await page.getByTestId(`compare-${side}-ms`).getAttribute('data-ms'));
    // A busy machine may hold up any of a few runs. The two times are of the same minute, since both are longer there.
    let isFaster = false;
    for (let run = 0; run < 3 && !isFaster; run += 1) {
      await page.getByTestId('compare-run').click();
      await page.getByText('Loading without…').waitFor({ timeout: 30_000 });
      await page.getByTestId('compare-factor').getByText('faster').waitFor({ timeout: 60_000 });
      const without = await ms('without');
      expect(without).toBeGreaterThan(1500);
      isFaster = (await ms('with')) < Math.max(1000, without / 4);
    }
    expect(isFaster).toBe(true);
    expect(await page.getByTestId('compare-without-requests').textContent()).toContain('25');
    expect(await page.getByTestId('compare-with-requests').textContent()).toMatch(/^0\b/);
    await page.screenshot({ path: join(artifacts, 'demo-compare.png') });
  });

  it('goes on fetching ahead when a comparison is left half way', async () => {
    const { page } = await openPage('/#/compare/0040', { width: 1400, height: 900 });
    await page.getByTestId('compare-run').click();
    await page.getByText('Loading without…').waitFor({ timeout: 30_000 });
    const state = () => page.getByTestId('progress').getAttribute('data-state');
    await expect.poll(state).toBe('paused');
    await page.evaluate(() => (location.hash = '#/'));
    await expect.poll(state).not.toBe('paused');
  });

  it('shows what it has when S3 is offline', async () => {
    const { page } = await openPage('/#/actor/0040', { width: 1400, height: 900 });
    // A click may wait for one of the browser's six connections, which pictures on their way from S3 hold for 1.5 s.
    const click = async () => {
      const answered = page.waitForResponse((answer) => answer.request().method() === 'PUT');
      await page.getByTestId('offline').click();
      await answered;
      return ((await (await fetch(`${origin}/demo/network`)).json()) as { offline: boolean }).offline;
    };
    try {
      expect(await click()).toBe(true);
      await page.setViewportSize(TALL);
      await page.reload();
      await openActor(page, '0040');
      await page.screenshot({
        path: join(artifacts, 'demo-offline.png'),
        clip: { x: 0, y: 0, width: 1400, height: 900 },
      });
    } finally {
      expect(await click()).toBe(false);
    }
  });

  it('clears one actor, and the pictures come back from S3', async () => {
    const { page } = await openPage('/#/actor/0040');
    await openActor(page, '0040');
    const before = await s3();
    await page.getByTestId('clear-actor').click();
    await expect.poll(async () => (await s3()).gets, { timeout: 20_000 }).toBeGreaterThanOrEqual(before.gets + 25);
    await openActor(page, '0040');
  });

  const picture = async (name: string, colour: string) => {
    const input = { create: { width: 640, height: 480, channels: 3, background: colour } } as const;
    return { name, mimeType: 'image/png', buffer: await sharp(input).png().toBuffer() };
  };
  const faults = (path: string, body: object) =>
    fetch(`${origin}/demo/${path}`, { method: 'PUT', body: JSON.stringify(body) });

  describe('adds pictures', () => {
    const statuses = (page: Page) =>
      page.getByTestId('upload').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-status')));

    it('which are in the bucket a moment later, and says of a file that is none what it is', async () => {
      const { page, errors } = await openPage('/#/add');
      await page.getByTestId('no-uploads').waitFor();
      const text = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('No picture.') };
      await page.getByTestId('file-input').setInputFiles([await picture('red.png', '#a22'), text]);
      await page.getByTestId('refused').getByText('notes.txt').waitFor();
      await expect.poll(() => statuses(page), ARRIVES).toEqual(['uploaded']);
      // The picture of the bucket takes the place of the browser's own when it has loaded.
      const src = () => page.getByTestId('upload').locator('img').getAttribute('src');
      await expect.poll(src).toMatch(/\/api\/cache\/i\/[0-9a-f]{32}\.png$/);
      expect(errors).toEqual([]);
    });

    it('which survive a server that is away, a reload, expired credentials and a restart of the server', async () => {
      const { page } = await openPage('/#/add');
      try {
        await faults('upload-faults', { server: 'unreachable' });
        await page.getByTestId('file-input').setInputFiles([await picture('blue.png', '#22a')]);
        await expect.poll(() => statuses(page)).toEqual(['pending']);
        await page.reload();
        await expect.poll(() => statuses(page), ARRIVES).toEqual(['pending']);
        await faults('network', { putExpired: 1 });
        await faults('upload-faults', { server: 'fine' });
        await page.getByText('The credentials have expired').first().waitFor({ timeout: 30_000 });
        await page.getByRole('button', { name: 'Save blue.png to disk' }).waitFor();
        await page.screenshot({ path: join(artifacts, 'demo-add-blocked.png') });
        await faults('network', { putExpired: 0 });
        await page.getByTestId('restart').click();
        await page.getByRole('button', { name: 'Try blue.png again' }).click();
        await expect.poll(() => statuses(page), { timeout: 30_000 }).toEqual(['uploaded']);
      } finally {
        await faults('upload-faults', { server: 'fine' });
        await faults('network', { putExpired: 0 });
      }
    });

    it.each([
      [400, 'light'],
      [1400, 'dark'],
    ] as const)('on a screen of %i pixels, %s', async (width, colorScheme) => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      await page.goto(`${origin}/#/add`);
      await page.getByTestId('file-input').setInputFiles([await picture('green.png', '#2a2')]);
      await expect.poll(() => statuses(page), ARRIVES).toEqual(['uploaded']);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBeLessThanOrEqual(0);
      await page.screenshot({ path: join(artifacts, `demo-add-${width}-${colorScheme}.png`) });
    });
  });

  describe('keeps notes with pictures', () => {
    const objects = async () => {
      const { objects: found } = (await (await fetch(`${origin}/demo/bucket`)).json()) as {
        objects: { key: string }[];
      };
      return found.map(({ key }) => key);
    };

    it('which are written while the server is away, and take their pictures along when they are deleted', async () => {
      const { page } = await openPage('/#/notes', { width: 1400, height: 900 });
      const text = () => page.getByTestId('note-text').inputValue();
      const isShown = () =>
        page
          .getByTestId('note-picture')
          .locator('img')
          .evaluateAll((images: HTMLImageElement[]) => images.map(({ naturalWidth }) => naturalWidth));
      const before = await objects();
      try {
        await faults('network', { latencyMs: 0 });
        await page.getByTestId('pause').click(); // nothing else is fetched
        await faults('upload-faults', { server: 'unreachable' });
        await page.getByRole('button', { name: 'Write the first note' }).click();
        await page.getByTestId('note-text').fill('# Monday');
        await page.getByTestId('note-pictures').setInputFiles([await picture('violet.png', '#828')]);
        await expect.poll(isShown).toEqual([640]);
        const local = /^# Monday\n\n!\[violet\]\(\/api\/cache\/i\/[0-9a-f]{32}\.png\)\s*$/;
        expect(await text()).toMatch(local);
        await page.reload();
        await expect.poll(isShown).toEqual([640]);
        expect(await text()).toMatch(local);
        await page.getByText('The backend does not know this note yet.').waitFor();
        await faults('upload-faults', { server: 'fine' });
        await page.getByText('the backend has all of it').waitFor({ timeout: 30_000 });
        await expect
          .poll(text, { timeout: 30_000 })
          .toMatch(/!\[violet\]\(http:.*\/uploads\/[0-9a-f]{2}\/[0-9a-f]{32}\.png\)/);
        expect(await isShown()).toEqual([640]);
        expect((await objects()).length).toBeGreaterThan(before.length);
        await page.screenshot({ path: join(artifacts, 'demo-notes.png'), fullPage: true });

        page.on('dialog', (dialog) => void dialog.accept());
        await page.getByTestId('delete-note').click();
        await page.getByTestId('no-notes').waitFor();
        await expect.poll(objects, { timeout: 30_000 }).toEqual(before);
        await expect.poll(async () => (await fetch(`${origin}/demo/notes`)).json()).toEqual([]);
      } finally {
        await faults('upload-faults', { server: 'fine' });
        await faults('network', { latencyMs: 1_500 });
      }
    });

    it('whose picture stays in a note into which it was pasted, when the first note is deleted', async () => {
      const { page } = await openPage('/#/notes', { width: 1400, height: 900 });
      const field = page.getByTestId('note-text');
      const before = await objects();
      page.on('dialog', (dialog) => void dialog.accept());
      try {
        await faults('network', { latencyMs: 0 });
        await page.getByRole('button', { name: 'Write the first note' }).click();
        await page.getByTestId('note-pictures').setInputFiles([await picture('orange.png', '#c63')]);
        const url = /!\[orange\]\(http:.*\/uploads\/[0-9a-f]{2}\/[0-9a-f]{32}\.png\)/;
        await expect.poll(() => field.inputValue(), { timeout: 30_000 }).toMatch(url);
        await field.press('ControlOrMeta+a');
        await field.press('ControlOrMeta+c');
        await page.getByRole('button', { name: 'New note' }).click();
        await field.press('ControlOrMeta+v');
        await expect.poll(() => field.inputValue()).toMatch(url);
        await page.getByText('used 2 times').waitFor({ timeout: 30_000 });
        await page.getByRole('link', { name: 'orange' }).last().click();
        const usedOnce = () => page.getByText('used once').count(); // others may be left in the bucket
        const others = await usedOnce();
        await page.getByTestId('delete-note').click();
        await expect.poll(usedOnce, { timeout: 30_000 }).toBe(others + 1);
        expect((await objects()).filter((key) => /^uploads\/[0-9a-f]{2}\//.test(key)).length).toBeGreaterThan(
          before.filter((key) => /^uploads\/[0-9a-f]{2}\//.test(key)).length,
        );
        await page.getByTestId('delete-note').click();
        await page.getByTestId('no-notes').waitFor();
        await expect.poll(objects, { timeout: 30_000 }).toEqual(before);
      } finally {
        await faults('network', { latencyMs: 1_500 });
      }
    });

    it.each([
      [400, 'light'],
      [1400, 'dark'],
    ] as const)('on a screen of %i pixels, %s', async (width, colorScheme) => {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      await page.goto(`${origin}/#/notes`);
      await page.getByTestId('new-note').click();
      await page.getByTestId('note-text').fill(`# Long words\n\n${'x'.repeat(200)}`);
      await page.getByTestId('note-pictures').setInputFiles([await picture('orange.png', '#d82')]);
      await page.getByTestId('note-picture').waitFor();
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow).toBeLessThanOrEqual(0);
      await page.screenshot({ path: join(artifacts, `demo-notes-${width}-${colorScheme}.png`) });
    });
  });

  it.each([
    [400, 'light'],
    [400, 'dark'],
    [1400, 'light'],
    [1400, 'dark'],
  ] as const)('fits a screen of %i pixels, %s', async (width, colorScheme) => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    await page.goto(`${origin}/#/actor/0040`);
    await page.getByTestId('picture').first().waitFor();
    await page.waitForTimeout(1000);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await page.screenshot({ path: join(artifacts, `demo-${width}-${colorScheme}.png`) });
  });
});
