// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { isAnimated } from '../../../../components/uploads/prepare/isAnimated.ts';
import { isCut } from '../../../../components/uploads/prepare/isCut.ts';
import { sniff } from '../../../../components/uploads/prepare/sniff.ts';
import { inspectImage } from '../../../../plugin/images/index.ts';
import { apng, wholeImages } from '../../../images/fixtures.ts';
import { mutations } from '../../../images/mutations.ts';
import { frames, pixels, placedHeic, placedSequence } from './placedFiles.ts';

const IMAGES = [...(await wholeImages())].filter(([name]) => name !== 'SVG');

describe('what bytes are', () => {
  test.each(IMAGES)('%s: the type that the server finds, and an extension', (_name, image) => {
    const bytes = new Uint8Array(image);
    const { contentType } = inspectImage(bytes, 'structure');
    const sniffed = sniff(bytes);
    expect(sniffed?.type).toBe(contentType.replace('-sequence', ''));
    expect(sniffed?.ext).toMatch(/^(jpg|png|gif|webp|avif|heic|bmp|ico|tiff|jxl)$/);
  });

  test.each([
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['an MP4', Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1')],
    ['text that begins like a BMP', Buffer.from('BM is short for bitmap, as everybody knows.')],
    ['nothing', Buffer.alloc(0)],
  ])('%s is none that can be uploaded', (_name, bytes) => {
    expect(sniff(bytes)).toBeUndefined();
  });

  test('a HEIC whose major brand says nothing of its codec is one', () => {
    const heic = placedHeic();
    heic.write('mif1', 8, 'latin1');
    expect(sniff(heic)).toEqual({ type: 'image/heic', ext: 'heic', family: 'heif' });
  });
});

describe('whether the end is missing', () => {
  const told = IMAGES.filter(([name]) => !/TIFF|BMP|ICO|without a size/.test(name));

  test.each(told)('%s: whole, and cut at several places', (_name, image) => {
    const bytes = new Uint8Array(image);
    const family = sniff(bytes)?.family ?? 'ico';
    expect(isCut(bytes, family)).toBe(false);
    for (const share of [0.4, 0.7, 0.9]) {
      expect(isCut(bytes.slice(0, Math.floor(share * bytes.length)), family), `${share}`).toBe(true);
    }
    expect(isCut(bytes.slice(0, -1), family)).toBe(true);
  });

  test.each(IMAGES)('%s, damaged: an answer, whichever', (_name, image) => {
    const family = sniff(image)?.family ?? 'ico';
    for (const mutation of mutations(image, { count: 500, seed: 4 })) {
      const bytes = new Uint8Array(mutation);
      expect([isCut(bytes, family), isAnimated(bytes, family)].every((it) => typeof it === 'boolean')).toBe(true);
    }
  });
});

test.each([
  ['GIF', await frames().gif().toBuffer(), await pixels().gif().toBuffer()],
  ['WebP', await frames().webp().toBuffer(), await pixels().webp().toBuffer()],
  ['PNG', apng(await pixels().png().toBuffer()), await pixels().png().toBuffer()],
  ['AVIF', placedSequence(), await pixels().avif({ effort: 0 }).toBuffer()],
])('a %s that moves is told from one that does not', (_name, moving, still) => {
  const family = sniff(still)?.family ?? 'ico';
  expect(isAnimated(new Uint8Array(moving), family)).toBe(true);
  expect(isAnimated(new Uint8Array(still), family)).toBe(false);
});
