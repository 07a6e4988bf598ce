import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Prepared, PrepareOptions } from '../../../components/uploads/prepare/prepare.ts';
import {
  frames,
  pixels,
  placedHeic,
  placedJpeg,
  placedPng,
  tracesIn,
  withPlace,
} from '../../components/uploads/prepare/placedFiles.ts';
import { launchBrowser } from '../browser.ts';

/** What the page below can do. */
interface Tools {
  prepare(raw: Uint8Array, options?: PrepareOptions): Promise<Prepared>;
}

let browser: Browser;
let page: Page;

beforeAll(async () => {
  const entry = fileURLToPath(new URL('../../../components/uploads/prepare/prepare.ts', import.meta.url));
  const bundle = await rolldown({ input: entry, platform: 'browser' });
  const { output } = await bundle.generate({ format: 'iife', name: 'tools' });
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.addScriptTag({ content: output[0].code });
});

afterAll(() => browser.close());

/** `prepare` in the browser; with what it shows of the picture before and after: size and pixels. */
async function prepareInPage(picture: Uint8Array, options?: PrepareOptions) {
  const result = await page.evaluate(
    async ({ base64, options }) => {
      const raw = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const shown = async (bytes: Uint8Array<ArrayBuffer>, type: string): Promise<string | undefined> => {
        try {
          const bitmap = await createImageBitmap(new Blob([bytes], { type }));
          const { width, height } = bitmap;
          const context = new OffscreenCanvas(width, height).getContext('2d');
          context?.drawImage(bitmap, 0, 0);
          return `${width} × ${height}: ${context?.getImageData(0, 0, width, height).data.join(' ')}`;
        } catch {
          return undefined;
        }
      };
      // The bundle above has put it there.
      const { tools } = globalThis as unknown as { tools: Tools };
      const prepared = await tools.prepare(raw, options);
      if ('blocked' in prepared) throw new Error(prepared.blocked);
      const { bytes, type, sha256, changed, warnings } = prepared;
      return {
        bytes: [...bytes],
        type,
        sha256,
        changed,
        warnings: warnings.map(({ code }) => code),
        before: await shown(raw, type),
        after: await shown(bytes, type),
        hasSubtle: Boolean(globalThis.crypto?.subtle),
      };
    },
    { base64: Buffer.from(picture).toString('base64'), options },
  );
  return { ...result, bytes: Uint8Array.from(result.bytes) };
}

const sizeOf = async (picture: Uint8Array) => {
  const { width, height, format } = await sharp(picture).metadata();
  return { width, height, format };
};

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('orientation %i', (orientation) => {
  test.each([
    ['JPEG', async () => placedJpeg(await pixels().jpeg().toBuffer(), orientation)],
    ['PNG', async () => placedPng(await pixels().png().toBuffer(), orientation, Buffer.alloc(0))],
    ['WebP', () => withPlace(pixels(), orientation).webp().toBuffer()],
    ['AVIF', () => withPlace(pixels(), orientation).avif({ effort: 0 }).toBuffer()],
  ])('Chromium shows a %s as before, without its place', async (_name, make) => {
    for (const strip of ['gps', 'all'] as const) {
      const { bytes, before, after } = await prepareInPage(await make(), { strip });
      expect(before).toMatch(orientation < 5 || _name === 'WebP' ? /^40 × 24/ : /^24 × 40/);
      expect(after).toBe(before);
      expect(tracesIn(bytes)).toEqual([]);
    }
  });

  test('a JPEG that is drawn anew is upright', async () => {
    const corner = { create: { width: 40, height: 80, channels: 3, background: 'white' } } as const;
    const upright = sharp({ create: { width: 80, height: 80, channels: 3, background: 'black' } });
    const half = await upright
      .composite([{ input: corner, left: 0, top: 0 }])
      .resize(200, 100, { fit: 'fill' })
      .withMetadata({ orientation })
      .jpeg()
      .toBuffer();
    const { bytes } = await prepareInPage(half, { maxEdge: 50 });
    const expected = await sharp(half).autoOrient().resize(50, 50, { fit: 'inside' }).raw().toBuffer();
    expect(await sizeOf(bytes)).toMatchObject(orientation < 5 ? { width: 50, height: 25 } : { width: 25, height: 50 });
    const drawn = await sharp(bytes).raw().toBuffer();
    const difference = drawn.reduce((sum, value, index) => sum + Math.abs(value - (expected[index] ?? 0)), 0);
    expect(difference / drawn.length).toBeLessThan(8);
  });
});

describe('drawn anew by Chromium', () => {
  test.each([
    ['jpeg', 'image/jpeg'],
    ['webp', 'image/webp'],
  ] as const)('%s is what was asked for', async (format, type) => {
    const picture = await pixels(400, 300).png().toBuffer();
    const prepared = await prepareInPage(picture, { format, maxEdge: 100, quality: 0.7 });
    expect(prepared).toMatchObject({ type, changed: true, warnings: [] });
    expect(await sizeOf(prepared.bytes)).toEqual({ width: 100, height: 75, format });
  });

  test('a HEIC, which it cannot decode, is sent in its own size, and it is said so', async () => {
    const prepared = await prepareInPage(placedHeic(), { maxEdge: 10 });
    expect(prepared).toMatchObject({ type: 'image/heic', warnings: ['NOT_REENCODED', 'HEIC_NOT_SHOWN'] });
    expect(tracesIn(prepared.bytes)).toEqual([]);
  });

  test('an animation is left as it is', async () => {
    const { bytes } = await prepareInPage(await frames().webp().toBuffer(), { maxEdge: 10 });
    expect((await sharp(bytes, { animated: true }).metadata()).pages).toBe(3);
  });
});
