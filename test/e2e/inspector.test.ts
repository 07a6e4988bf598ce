import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { createFakeState, fakeSimulation, type FakeState } from '../helpers/fakeInspector/fakeApi.ts';
import { startFakeInspector } from '../helpers/fakeInspector/fakeServer.ts';
import { axeFaults } from './axeFaults.ts';
import { launchBrowser } from './browser.ts';

const VIEWS = ['images', 'activity', 'queue', 'problems', 'storage', 'trends', 'doctor', 'simulate', 'uploads'];
const PICTURE = 'https://team-photos.s3.eu-central-1.amazonaws.com/actors/0003/northern-quiet_0002.jpg';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

interface Opening {
  count?: number;
  width?: number;
  colorScheme?: 'light' | 'dark';
  prepare?(state: FakeState): void;
}

/** The built page as it is served, over a fake of its API, with what it complains of and asks for. */
async function open({ count = 25, width = 1200, colorScheme = 'light', prepare = () => {} }: Opening = {}) {
  const state = createFakeState(count, manifest.version);
  prepare(state);
  const fake = await startFakeInspector(state);
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, reducedMotion: 'reduce' });
  onTestFinished(async () => {
    await context.close();
    await fake.close();
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const [complaints, requests]: [string[], string[]] = [[], []];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  const show = async (route: string): Promise<void> => {
    await page.goto(`${fake.url}#/${route}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor({ state: 'attached' });
    await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  };
  return { page, state, fake, complaints, requests, show };
}

describe('I8, I21: each view', () => {
  const DETAILS = `images?image=${encodeURIComponent(PICTURE)}`;

  it.each([
    ['light', 1200, [...VIEWS, DETAILS]],
    ['dark', 320, [DETAILS, 'storage', 'doctor', 'simulate']],
  ] as const)(
    'is accessible, and asks nobody but its server: %s, %i pixels wide',
    async (colorScheme, width, routes) => {
      const { page, show, complaints, requests, fake } = await open({
        colorScheme,
        width,
        prepare: (state) => {
          if (colorScheme === 'dark') state.simulation = fakeSimulation({ preset: 'slow', match: '0001' }, state.now);
        },
      });
      for (const route of routes) {
        await show(route);
        expect(await axeFaults(page), route).toEqual([]);
      }
      expect(complaints).toEqual([]);
      expect(requests.filter((url) => !url.startsWith(fake.url) && !url.startsWith('data:'))).toEqual([]);
    },
  );

  it('on a phone, the tab of the view is all to be seen, also when a badge has come before it', async () => {
    const { page, show } = await open({ width: 400 });
    for (const view of VIEWS) {
      await page.goto('about:blank');
      await show(view);
      const box = await page.locator('.navigation [aria-current]').boundingBox();
      expect(box?.x, view).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0), view).toBeLessThanOrEqual(400);
    }
  });

  it('fits in 320 pixels', async () => {
    const { page, show } = await open({ width: 320 });
    for (const route of [...VIEWS, DETAILS, 'images?look=list']) {
      await show(route);
      const overflow = await page.evaluate(() => {
        const main = document.querySelector('main');
        const page = document.documentElement.scrollWidth - innerWidth;
        return Math.max(page, main ? main.scrollWidth - main.clientWidth : 0);
      });
      expect(overflow, `${route} is wider than the page`).toBeLessThanOrEqual(0);
    }
  });

  it('is accessible when there is nothing in it', async () => {
    const { page, show, complaints } = await open({ count: 0 });
    for (const view of ['images', 'activity']) {
      await show(view);
      expect(await axeFaults(page), view).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });
});

describe('the images', () => {
  it('I16: a million of them scroll, and nothing moves when others come', async () => {
    const { page, show, state } = await open({ count: 1_000_000 });
    await show('images');
    await page.getByText('the 10,000 used last are shown').waitFor();
    await page.locator('.grid-scroll').evaluate((grid) => grid.scrollTo(0, 100_000));
    const names = () => page.getByRole('gridcell').allTextContents();
    const isThere = (name: string) => /_\d{4}\./.test(name) && !name.includes('_0000.');
    await expect.poll(async () => (await names()).every(isThere)).toBe(true);
    const before = await names();
    state.changes += 1000;
    await page.getByRole('button', { name: /1,000 changes/ }).waitFor();
    // The line that says so takes its place above the grid, which does not scroll.
    expect(await names()).toEqual(before);
    expect(await page.locator('.grid-scroll').evaluate((grid) => grid.scrollTop)).toBe(100_000);
  });

  it('I21: keyboard alone leads from the address bar to a forgotten image', async () => {
    const { page, show, state } = await open();
    await show('images');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter'); // skips the navigation
    for (let tabs = 0; tabs < 12; tabs += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement?.getAttribute('role') === 'gridcell')) break;
    }
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Delete');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Tab'); // from Cancel
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(state.calls.filter((call) => call.startsWith('POST'))).toEqual([
      expect.stringMatching(/^POST \/invalidate .*amber-erg_0001/),
    ]);
  });

  it('I5: a hostile name becomes text, and nothing else', async () => {
    const name = '<img src=x onerror=alert(1)>\u202Egpj.exe\u0000';
    const { page, show, complaints } = await open();
    await page.route('**/api/entries*', async (route) => {
      const answer = await route.fetch();
      const body = (await answer.json()) as { entries: { filename: string; actor_id: string }[] };
      for (const entry of body.entries) Object.assign(entry, { filename: name, actor_id: name });
      await route.fulfill({ response: answer, json: body });
    });
    await show('images?look=list');
    expect(await page.locator('.tile img[src="x"]').count()).toBe(0);
    expect(await page.locator('.tile .name').first().textContent()).toBe('<img src=x onerror=alert(1)>␣gpj.exe␣');
    expect(complaints).toEqual([]);
  });

  it('what is copied is what was promised', async () => {
    const { page, show, fake } = await open();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await show(`images?image=${encodeURIComponent(PICTURE)}`);
    await page.getByRole('button', { name: 'curl' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(
      `curl --fail --output 'northern-quiet_0002.jpg' '${fake.url}api/image?url=${encodeURIComponent(PICTURE)}'`,
    );
  });
});

it('I17: a page in the background asks nothing', async () => {
  const { page, show, state } = await open();
  await show('images');
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.waitForTimeout(50); // what was under way
  const before = state.calls.length;
  await page.waitForTimeout(1500);
  expect(state.calls.length).toBe(before);
});

it('forced colours keep what is chosen apart', async () => {
  const { page, show } = await open();
  await page.emulateMedia({ forcedColors: 'active' });
  await show('images');
  const outline = await page
    .getByRole('link', { name: 'Images' })
    .evaluate((link) => getComputedStyle(link).outlineStyle);
  expect(outline).toBe('solid');
});
