import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { createServer, type Plugin } from 'vite';
import { expect, it, onTestFinished } from 'vitest';
import { imageCache, type LookupAnswer } from 'vite-plugin-image-cache';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, imagePath, imageUrl, startBucket } from '../helpers/stack.ts';
import { axeFaults } from './axeFaults.ts';
import { testBrowser } from './fixture/browserContext.ts';

const browser = testBrowser();

/** Keeps the memory tier from holding the one picture that is large. */
const MEMORY = { maxSize: '60KB', preload: false } as const;

const STYLE = `body { margin: 0 } img { width: 120px; height: 80px }
#box { height: 100px; overflow: auto } #tall { height: 900px }`;

/** A policy that allows nothing which a page of the same origin can do without. */
const policy = (bucket: Bucket) =>
  [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    `img-src 'self' ${bucket.option.endpoint}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

interface App {
  page: Page;
  url: string;
  complaints: string[];
  /** The letter and the text of each mark, in the order of the keyboard. */
  marks(): Promise<string[]>;
}

/** The page of an app in Vite's dev server, below a base, with the marks on its pictures. */
async function setUp(body: (images: Images) => string): Promise<App> {
  const bucket = await startBucket();
  const root = await temporaryDirectory();
  const server = await createServer({
    root,
    base: '/sub/',
    configFile: false,
    logLevel: 'silent',
    server: { port: 0, host: '127.0.0.1', watch: null },
    plugins: [
      withPolicy(bucket),
      imageCache({ buckets: [bucket.option], logLevel: 'silent', overlay: true, memory: MEMORY }),
    ],
  });
  onTestFinished(() => server.close());
  await server.listen();
  const url = server.resolvedUrls?.local[0] ?? '';
  const images = await prepareImages(bucket, `${url}api/cache`);
  await writeFile(join(root, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"/>');
  await writeFile(join(root, 'app.css'), STYLE);
  await writeFile(join(root, 'warm.html'), head('Warm') + image(images.browser));
  await writeFile(join(root, 'index.html'), head('App') + body(images));

  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('404')) complaints.push(message.text());
  });
  await page.goto(`${url}warm.html`);
  await page.waitForFunction(() => document.images[0]?.complete);
  await page.addInitScript(countFrames);
  await page.goto(url);
  const marks = () => page.locator('image-cache-origins a').evaluateAll((all) => all.map((mark) => mark.textContent));
  return { page, url, complaints, marks };
}

const head = (title: string) =>
  `<!doctype html><html lang="en"><head><title>${title}</title><link rel="stylesheet" href="app.css"></head><body>`;
const image = (src: string, alt = 'A picture') => `<img src="${src.replaceAll('&', '&amp;')}" alt="${alt}">`;

type Images = Record<'memory' | 'disk' | 's3' | 'browser' | 'bucket' | 'missing', string>;

/** URLs of pictures that come from different places. */
async function prepareImages(bucket: Bucket, api: string): Promise<Images> {
  const store = async (key: string, size?: { width: number; height: number }): Promise<string> => {
    bucket.server.put('photos', key, await jpeg(key.length, size));
    const url = await bucket.presign(key);
    await (await fetch(api + imageUrl(url))).arrayBuffer();
    const answer = await fetch(`${api}/lookup`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ urls: [url] }),
    });
    const { entries } = (await answer.json()) as LookupAnswer;
    const entry = entries[url];
    if (!entry) throw new Error(`${key} was not stored`);
    return api + imagePath(entry.local_path);
  };
  const [disk, memory, inBrowser] = [
    await store('disk.jpg', { width: 900, height: 600 }),
    await store('memory.jpg'),
    await store('browser.jpg'),
  ];
  bucket.server.put('photos', 'new.jpg', await jpeg(7));
  bucket.server.put('photos', 'past.jpg', await jpeg(8));
  return {
    memory,
    disk,
    browser: inBrowser,
    s3: api + imageUrl(await bucket.presign('new.jpg')),
    bucket: await bucket.presign('past.jpg'),
    missing: api + imageUrl(await bucket.presign('missing.jpg')),
  };
}

function withPolicy(bucket: Bucket): Plugin {
  return {
    name: 'test:policy',
    configureServer({ middlewares }) {
      middlewares.use((request, response, next) => {
        if (request.headers['sec-fetch-dest'] === 'document' && !request.url?.includes('__image-cache')) {
          response.setHeader('Content-Security-Policy', policy(bucket));
        }
        next();
      });
    },
  };
}

/** Counts the frames that scripts of the page ask for, which are those of the marks. */
function countFrames(): void {
  const ask = window.requestAnimationFrame.bind(window);
  Object.assign(window, { frames_asked: 0 });
  window.requestAnimationFrame = (callback) => {
    (window as unknown as { frames_asked: number }).frames_asked += 1;
    return ask(callback);
  };
}

const framesAsked = (page: Page) => page.evaluate(() => (window as unknown as { frames_asked: number }).frames_asked);

it('shows where each picture comes from under a strict policy, without another look of the page, and leads to the inspector', async () => {
  const { page, complaints, marks } = await setUp(
    (images) => `<main><h1>App</h1>
    ${image(images.memory)}${image(images.disk)}${image(images.s3)}
    ${image(images.browser)}${image(images.bucket)}${image(images.missing)}
    <img src="logo.svg" alt="Logo"></main>`,
  );
  const TIME = String.raw`, \d+(\.\d)? ms`;
  await expect
    .poll(marks)
    .toEqual([
      expect.stringMatching(`^MMemory${TIME}: .+\\.jpg$`),
      expect.stringMatching(`^DDisk${TIME}: .+\\.jpg$`),
      expect.stringMatching(`^SS3${TIME}: new\\.jpg$`),
      expect.stringMatching(`^BBrowser(${TIME})?: .+\\.jpg$`),
      expect.stringMatching(`^OBypasses the cache${TIME}: past\\.jpg$`),
      expect.stringMatching(`^!Failed${TIME}: missing\\.jpg$`),
    ]);
  expect(complaints).toEqual([]);
  expect(await axeFaults(page)).toEqual([]);

  for (const [place, heading] of [
    [0, 'memory.jpg'],
    [5, 'missing.jpg'],
  ] as const) {
    const opened = page.context().waitForEvent('page');
    if (place === 0) await page.locator('image-cache-origins a').nth(place).click();
    else await page.locator('image-cache-origins a').nth(place).press('Enter');
    const details = await opened;
    await details.getByRole('heading', { level: 2, name: heading }).waitFor();
    expect(details.url()).not.toMatch(/signature|credential/i);
    await details.close();
  }
});

it('marks follow their pictures, do nothing while these stand still, and leave no trace when they are switched off', async () => {
  const { page, marks } = await setUp(
    (images) => `<main><h1>App</h1><button>Below</button>
    <div id="box" tabindex="0">${image(images.memory)}<p id="tall"></p></div>${image(images.bucket)}</main>`,
  );
  await expect.poll(async () => (await marks()).map((text) => text?.[0])).toEqual(['M', 'O']);
  /** How far each mark is from the corner of its picture; both only as far as they are seen. */
  const offsets = () =>
    page.evaluate(() => {
      const marked = [...(document.querySelector('image-cache-origins')?.shadowRoot?.querySelectorAll('a') ?? [])];
      return marked.map((mark, index) => {
        const [at, of] = [mark.getBoundingClientRect(), document.images[index]?.getBoundingClientRect()];
        return [Math.round(at.left - (of?.left ?? 0)), Math.round(at.top - (of?.top ?? 0))];
      });
    });
  const areInPlace = async () =>
    expect.poll(offsets).toEqual([
      [0, 0],
      [0, 0],
    ]);
  await areInPlace();

  /** Frames in the next quarter of a second. */
  const frames = async () => {
    const before = await framesAsked(page);
    await page.waitForTimeout(250);
    return (await framesAsked(page)) - before;
  };
  await expect.poll(frames, { message: 'while nothing moves' }).toBe(0);

  const moves: Record<string, () => void> = {
    'an element before them grows': () => document.querySelector('h1')?.append('A long title. '.repeat(6)),
    'a style sheet changes': () => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('main { padding: 31px 0 0 17px }');
      document.adoptedStyleSheets = [sheet];
    },
    'an animation of a script moves them': () =>
      document
        .querySelector('main')
        ?.animate([{ transform: 'translate(40px, 30px)' }], { duration: 200, fill: 'forwards' }),
    'they are moved without an event': () => {
      const main = document.querySelector('main');
      if (main) main.style.marginLeft = '60px';
    },
  };
  for (const [what, move] of Object.entries(moves)) {
    await page.evaluate(move);
    await page.waitForTimeout(50);
    await expect.poll(offsets, { message: what }).toEqual([
      [0, 0],
      [0, 0],
    ]);
  }

  // An inner scroller cuts the picture off, and then hides it.
  await page.evaluate(() => document.querySelector('#box')?.scrollTo(0, 30));
  await expect.poll(offsets).toEqual([
    [0, 30],
    [0, 0],
  ]);
  await page.evaluate(() => document.querySelector('#box')?.scrollTo(0, 400));
  await expect.poll(async () => (await marks()).map((text) => text?.[0])).toEqual(['O']);
  await page.evaluate(() => document.querySelector('#box')?.scrollTo(0, 0));
  await areInPlace();

  // The page is as it would be: its size, and what the pointer meets.
  const layout = () =>
    page.evaluate(() => {
      const { scrollWidth, scrollHeight } = document.documentElement;
      const { left, top, width, height } = document.querySelector('button')?.getBoundingClientRect() ?? new DOMRect();
      const met = document.elementFromPoint(left + width / 2, top + height / 2)?.tagName;
      const last = document.images[1]?.getBoundingClientRect();
      const beside = document.elementFromPoint((last?.left ?? 0) + 60, (last?.top ?? 0) + 40)?.tagName;
      return { scrollWidth, scrollHeight, met, beside };
    });
  const withMarks = await layout();
  expect(withMarks).toMatchObject({ met: 'BUTTON', beside: 'IMG' });
  await page.keyboard.press('Alt+Shift+KeyI');
  await expect.poll(marks).toEqual([]);
  expect(await layout()).toEqual(withMarks);
  expect(await page.locator('image-cache-origins').count()).toBe(0);
  await page.keyboard.press('Alt+Shift+KeyI');
  await areInPlace();

  // Pictures come and go, and lie in dialogs.
  await page.evaluate(() => document.images[0]?.remove());
  await expect.poll(async () => (await marks()).map((text) => text?.[0])).toEqual(['O']);
  await page.evaluate(() => {
    const dialog = document.createElement('dialog');
    dialog.append(document.images[0]?.cloneNode() ?? '');
    document.body.append(dialog);
    dialog.showModal();
  });
  await expect.poll(async () => (await marks()).length).toBe(2);
  await expect
    .poll(() => page.evaluate(() => document.querySelector('image-cache-origins')?.matches(':popover-open')))
    .toBe(true);
});
