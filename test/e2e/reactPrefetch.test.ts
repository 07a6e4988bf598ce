import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { openPage, show, sources } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

interface Actor {
  id: string;
  images: string[];
}

/** A page with nothing on it, two downloads at a time, and actors of eight photographs each. */
async function setUp(actorIds: string[]) {
  const bucket = await startBucket();
  const actors: Actor[] = [];
  for (const id of actorIds) {
    const pictures = await presignAll(bucket, await putPhotos(bucket, 8, id));
    actors.push({ id, images: pictures.map(({ s3_url }) => s3_url) });
  }
  const server = await startApp({ root: app.root, bucket, concurrency: 2 });
  const { page } = await openPage(await browser.newContext(), server.url);
  return { bucket, actors, server, page };
}

/** The actors whose images S3 was asked for, in the order of the first of them. */
function askedFor(bucket: Bucket): string[] {
  return [...new Set([...bucket.server.stats.byKey.keys()].map((name) => name.split('/')[1] ?? ''))];
}

const getProgress = (page: Page) => page.evaluate(() => window.fixture.kit.prefetchManager.getProgress());
const startPrefetch = (page: Page, actors: Actor[]) =>
  page.evaluate((all) => window.fixture.kit.prefetchManager.startPrefetch(all), actors);
const isIdle = (page: Page) =>
  page.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().state === 'idle');

it('the progress adds up at every step, and each failure has its reason', async () => {
  const { bucket, actors, page } = await setUp(['a', 'b']);
  const [missing = ''] = (await presignAll(bucket, ['a/missing.jpg'])).map(({ s3_url }) => s3_url);
  const [a, b] = actors;
  if (!a || !b) throw new Error('There are two actors.');
  await page.evaluate(
    async ([first, second]) => {
      const { prefetchManager } = window.fixture.kit;
      window.steps = [];
      prefetchManager.subscribe((progress) => window.steps.push(progress));
      prefetchManager.startPrefetch([first]);
      await prefetchManager.prefetchActor(second.id, second.images);
    },
    [{ ...a, images: [...a.images, missing, 'https://elsewhere.example/x.jpg'] }, b] as const,
  );
  await isIdle(page);

  const steps = await page.evaluate(() => window.steps);
  expect(steps.length).toBeGreaterThan(5);
  for (const { images, completed, total, actors: each } of steps) {
    expect(images.completed).toBe(images.cached + images.downloaded + images.failed);
    expect(images.total).toBe(each.reduce((sum, actor) => sum + actor.total, 0));
    expect(completed).toBeLessThanOrEqual(total);
  }
  const done = await getProgress(page);
  expect(done).toMatchObject({
    completed: 2,
    total: 2,
    images: { total: 18, completed: 18, downloaded: 16, failed: 2 },
  });
  expect(done.bytes).toEqual({ downloaded: bucket.server.stats.bytesSent, cached: 0 });
  expect(done.actors.map(({ id, state }) => [id, state])).toEqual([
    ['a', 'failed'],
    ['b', 'done'],
  ]);
  expect(done.failures).toEqual([
    expect.objectContaining({ code: 'HOST_NOT_ALLOWED', s3_url: 'https://elsewhere.example/x.jpg' }),
    expect.objectContaining({ code: 'UPSTREAM_NOT_FOUND', s3_url: missing.split('?')[0] }),
  ]);
});

it('a prefetched image is shown at once, by its immutable URL', async () => {
  const { bucket, actors, page } = await setUp(['a']);
  await startPrefetch(page, actors);
  await isIdle(page);
  bucket.server.faults.offline = true;
  await show(
    page,
    (actors[0]?.images ?? []).map((s3_url) => ({ s3_url })),
  );
  expect(await sources(page)).toEqual(actors[0]?.images.map(() => expect.stringContaining('/image?path=')));
});

it('an image that has changed in S3 is replaced on the screen when its actor is prefetched with `revalidate`', async () => {
  const { bucket, actors, server, page } = await setUp(['a']);
  const [actor] = actors;
  if (!actor) throw new Error('There is an actor.');
  await startPrefetch(page, actors);
  await isIdle(page);
  await show(page, [{ s3_url: actor.images[0] ?? '' }]);
  const width = () => page.evaluate(() => document.images[0]?.naturalWidth);
  expect(await width()).toBe(240);
  bucket.server.put('photos', 'a/0.jpg', await jpeg(99, { width: 300, height: 160 }));

  const sent = bucket.server.stats.bytesSent;
  const again = (options: { revalidate?: boolean }) =>
    page.evaluate(([{ id, images }, how]) => window.fixture.kit.prefetchManager.prefetchActor(id, images, how), [
      actor,
      options,
    ] as const);
  expect(await again({})).toMatchObject({ cached: 8, downloaded: 0 });
  expect(await width()).toBe(240);
  const result = await again({ revalidate: true });
  expect(result).toMatchObject({ cached: 7, downloaded: 1, failed: 0 });
  const changed = result.results.find(({ status }) => status === 'downloaded');
  expect(changed).toMatchObject({ bytes: bucket.server.stats.bytesSent - sent });
  await expect.poll(width).toBe(300);

  // Not asked for by this page.
  bucket.server.put('photos', 'a/0.jpg', await jpeg(99, { width: 320, height: 160 }));
  await fetch(`${server.url}/api/cache/prefetch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ actor_id: 'a', images: [{ s3_url: actor.images[0] }], revalidate: true }),
  });
  await expect.poll(width).toBe(320);
});

it('after pause, the next actor waits until resume', async () => {
  const { bucket, actors, page } = await setUp(['a', 'b']);
  bucket.server.faults.latencyMs = 30;
  await startPrefetch(page, actors);
  await page.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().images.completed > 0);
  await page.evaluate(() => window.fixture.kit.prefetchManager.pause());
  await page.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().completed === 1);
  // Longer than the pause between two actors.
  await page.waitForTimeout(250);
  expect(await getProgress(page)).toMatchObject({ state: 'paused', completed: 1, current: [] });
  expect(askedFor(bucket)).toEqual(['a']);
  await page.evaluate(() => window.fixture.kit.prefetchManager.resume());
  await isIdle(page);
  expect(await getProgress(page)).toMatchObject({ completed: 2, images: { downloaded: 16 } });
});

it('an urgent actor overtakes the images of the running actor, and all queued actors', async () => {
  const { bucket, actors, page } = await setUp(['a', 'b', 'urgent']);
  bucket.server.faults.latencyMs = 40;
  const urgent = actors.at(-1);
  if (!urgent) throw new Error('There are three actors.');
  await startPrefetch(page, actors.slice(0, 2));
  await expect.poll(() => bucket.server.stats.gets).toBeGreaterThan(0);
  const result = await page.evaluate(
    ({ id, images }) => window.fixture.kit.prefetchManager.prefetchActor(id, images),
    urgent,
  );
  expect(result).toMatchObject({ state: 'done', downloaded: 8 });
  expect((await getProgress(page)).actors[0]?.completed).toBeLessThan(8);
  expect(askedFor(bucket)).toEqual(['a', 'urgent']);
  await isIdle(page);
  expect(askedFor(bucket)).toEqual(['a', 'urgent', 'b']);
  expect(bucket.server.stats.gets).toBe(24);
});

it('an image on the screen overtakes the prefetch, and is not downloaded twice', async () => {
  const { bucket, actors, page } = await setUp(['a']);
  bucket.server.faults.latencyMs = 60;
  await startPrefetch(page, actors);
  await expect.poll(() => bucket.server.stats.gets).toBeGreaterThan(0);
  await show(page, [{ s3_url: actors[0]?.images.at(-1) ?? '' }]);
  expect((await getProgress(page)).images.completed).toBeLessThan(8);
  await isIdle(page);
  expect([...bucket.server.stats.byKey.values()]).toEqual(Array.from({ length: 8 }, () => 1));
});

it('cancel stops downloads that have not begun', async () => {
  const { bucket, actors, page } = await setUp(['a', 'b']);
  bucket.server.faults.latencyMs = 60;
  await startPrefetch(page, actors);
  await expect.poll(() => bucket.server.stats.gets).toBeGreaterThan(0);
  await page.evaluate(() => window.fixture.kit.prefetchManager.cancel());
  expect(await getProgress(page)).toMatchObject({ state: 'idle', total: 0 });
  await page.waitForTimeout(100); // the server hears of it
  const { gets } = bucket.server.stats;
  expect(gets).toBeLessThan(8);
  await page.waitForTimeout(300);
  expect(bucket.server.stats.gets).toBe(gets);
  await startPrefetch(page, actors);
  await isIdle(page);
  expect(await getProgress(page)).toMatchObject({ completed: 2, images: { completed: 16, failed: 0 } });
});

it('a prefetch that lost its network continues when the network is back', async () => {
  const { bucket, actors, page } = await setUp(['a', 'b']);
  bucket.server.faults.latencyMs = 40;
  await startPrefetch(page, actors);
  await page.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().images.completed > 0);
  await page.context().setOffline(true);
  await page.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().state === 'offline');
  await page.context().setOffline(false);
  await isIdle(page);
  expect(await getProgress(page)).toMatchObject({ completed: 2, images: { completed: 16, failed: 0 } });
  expect([...bucket.server.stats.byKey.values()].every((count) => count === 1)).toBe(true);
});

describe('two tabs', () => {
  async function openSecond(page: Page): Promise<Page> {
    const { page: second } = await openPage(page.context(), new URL(page.url()).origin);
    await second.evaluate(() => void window.fixture.kit.prefetchManager.subscribe(() => {}));
    return second;
  }

  it('show the same progress and results, and each can pause and resume', async () => {
    const { bucket, actors, page } = await setUp(['a', 'b']);
    const second = await openSecond(page);
    bucket.server.faults.latencyMs = 500; // four times that for an actor of eight, two at a time
    await startPrefetch(page, actors);
    await second.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().current.length > 0);
    await second.evaluate(() => window.fixture.kit.prefetchManager.pause());
    await page.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().state === 'paused');
    await second.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().completed === 1);
    expect(askedFor(bucket)).toEqual(['a']);
    await second.evaluate(() => window.fixture.kit.prefetchManager.resume());
    await second.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().completed === 2);
    await isIdle(second);
    await expect.poll(() => getProgress(second)).toEqual(await getProgress(page));
    const results = await second.evaluate(() => window.fixture.kit.prefetchManager.getResults('b'));
    expect(results).toHaveLength(8);
    expect(results[0]).toMatchObject({ status: 'downloaded', s3_url: expect.not.stringContaining('?') });
  });

  it('that prefetch the same actor download its images once', async () => {
    const { bucket, actors, page } = await setUp(['a', 'b']);
    bucket.server.faults.latencyMs = 40;
    const second = await openSecond(page);
    await startPrefetch(page, actors);
    await startPrefetch(second, actors);
    await isIdle(second);
    await isIdle(page);
    expect(await getProgress(second)).toMatchObject({ completed: 2, total: 2, images: { completed: 16, failed: 0 } });
    expect([...bucket.server.stats.byKey.values()]).toEqual(Array.from({ length: 16 }, () => 1));
  });

  it('of which one is closed: the other continues with its own actors', async () => {
    const { bucket, actors, page } = await setUp(['a', 'b', 'c']);
    bucket.server.faults.latencyMs = 40;
    const second = await openSecond(page);
    await startPrefetch(page, actors.slice(0, 2));
    await page.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().images.completed > 0);
    await startPrefetch(second, actors.slice(2));
    await page.close({ runBeforeUnload: false });
    await second.waitForFunction(() =>
      window.fixture.kit.prefetchManager.getProgress().actors.some(({ id, state }) => id === 'c' && state === 'done'),
    );
    await isIdle(second);
    expect(askedFor(bucket)).toEqual(['a', 'c']);
  });
});

declare global {
  interface Window {
    steps: ReturnType<Window['fixture']['kit']['prefetchManager']['getProgress']>[];
  }
}

it('R8: while S3 cannot be reached, a prefetch waits, says why, and continues by itself; only images that S3 does not have fail', async () => {
  const { bucket, actors, page } = await setUp(['a', 'b', 'c']);
  const [missing = ''] = (await presignAll(bucket, ['a/missing.jpg'])).map(({ s3_url }) => s3_url);
  const [a, ...others] = actors;
  if (!a) throw new Error('There are three actors.');
  bucket.server.faults.offline = true;
  await startPrefetch(page, [{ ...a, images: [...a.images, missing] }, ...others]);
  await page.waitForFunction(() => window.fixture.kit.prefetchManager.getProgress().state === 'waiting');
  await page.waitForTimeout(4_000);
  const { state, reason, images, failures } = await getProgress(page);
  expect({ state, failed: images.failed, completed: images.completed, failures }).toEqual({
    state: 'waiting',
    failed: 0,
    completed: 0,
    failures: [],
  });
  expect(reason).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', detail: expect.stringContaining('cannot be reached') });
  bucket.server.faults.offline = false;
  await isIdle(page);
  expect(await getProgress(page)).toMatchObject({
    images: { total: 25, downloaded: 24, failed: 1 },
    failures: [{ code: 'UPSTREAM_NOT_FOUND' }],
  });
});
