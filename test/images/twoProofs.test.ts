import { describe, expect, test } from 'vitest';
import { inspectImage } from '../../plugin/images/index.ts';
import { codeOf, text, u32le } from './bytes.ts';
import { bmp, HEIGHT, ico, picture, wholeImages, WIDTH } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

const JPEG = await picture().jpeg().toBuffer();
const PNG = await picture().png().toBuffer();
const GIF = await picture().gif().toBuffer();
const WEBP = await picture().webp().toBuffer();
const AVIF = await picture().avif({ effort: 0 }).toBuffer();
const SCAN = JPEG.indexOf(Buffer.of(0xff, 0xda));
const SECOND = await picture().resize(10, 6).jpeg().toBuffer();

/** What is said of bytes that are all that was announced. */
const inspectAnnounced = (bytes: Uint8Array) => inspectImage(bytes, 'announced', { allowSvg: true });
const without = (bytes: Buffer, count: number) => bytes.subarray(0, -count);

describe('N2: an image is kept as it is in the bucket if all announced bytes have arrived', () => {
  const damaged: [name: string, bytes: Buffer][] = [
    ['a JPEG without EOI', without(JPEG, 2)],
    ['a JPEG with one 0xFF in place of its EOI', without(JPEG, 1)],
    ['a JPEG that ends in 00 FF', Buffer.concat([without(JPEG, 2), Buffer.of(0, 0xff)])],
    ['a JPEG with a cut second picture', Buffer.concat([JPEG, without(SECOND, 40)])],
    ['half a JPEG', JPEG.subarray(0, JPEG.length / 2)],
    ['a JPEG of which only the headers are there', JPEG.subarray(0, SCAN + 14)],
    ['a PNG without IEND', without(PNG, 12)],
    ['half a PNG', PNG.subarray(0, PNG.length / 2)],
    ['a GIF without trailer', without(GIF, 1)],
    ['a GIF with 00 before its trailer', Buffer.concat([without(GIF, 1), Buffer.of(0, 0x3b)])],
    ['half a WebP', WEBP.subarray(0, WEBP.length / 2)],
    ['an AVIF with a line break behind it', Buffer.concat([AVIF, text('\n')])],
    ['an AVIF without its last byte', without(AVIF, 1)],
    ['half a BMP', bmp().subarray(0, 500)],
    ['an ICO without its last bytes', without(ico([bmp().subarray(14)]), 20)],
  ];

  test.each(damaged)('%s', (_name, bytes) => {
    expect(inspectAnnounced(bytes)).toMatchObject({ width: WIDTH, height: HEIGHT });
  });

  test.each(damaged)('T33: %s is refused if only its structure can prove that it is complete', (_name, bytes) => {
    expect(codeOf(() => inspectAlone(bytes))).toMatch(/^(?:UPSTREAM_TRUNCATED|NOT_AN_IMAGE)$/);
  });

  test('a JPEG XL codestream, which never says where it ends', async () => {
    const { JXL_CODESTREAM } = await import('./fixtures.ts');
    expect(inspectAnnounced(JXL_CODESTREAM)).toMatchObject({ width: WIDTH, height: HEIGHT });
    expect(codeOf(() => inspectAlone(JXL_CODESTREAM))).toBe('UNSUPPORTED_TYPE');
  });

  test.each([
    ['a JPEG without a scan', JPEG.subarray(0, SCAN)],
    ['a PNG of which only the header is there', PNG.subarray(0, 33)],
    ['a GIF without a frame', GIF.subarray(0, 13)],
    ['a script that begins like a GIF', text(`GIF89a=1;alert(1)//${'a'.repeat(60)}`)],
    ['a WebP without pixels', text('RIFF\x0c\0\0\0WEBPabcd\0\0\0\0')],
    ['an AVIF without a description', AVIF.subarray(0, 28)],
    ['an HTML page', text('<!doctype html><title>x</title>')],
    ['nothing', Buffer.alloc(0)],
  ])('but not if no browser shows it: %s', (_name, bytes) => {
    expect(codeOf(() => inspectAnnounced(bytes))).toBe('NOT_AN_IMAGE');
  });

  test('the refusal says that the object is at fault, not the transfer', () => {
    expect(() => inspectAnnounced(PNG.subarray(0, 33))).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('incomplete: upload it again') }),
    );
  });

  test('for complete images, both proofs have the same result', async () => {
    for (const [name, bytes] of await wholeImages()) expect(inspectAnnounced(bytes), name).toEqual(inspectAlone(bytes));
  });
});

/** Its rows, and the mask behind them, which its height counts, too. */
const iconBitmap = bmp({ height: 2 * HEIGHT }).subarray(14, 14 + 40 + HEIGHT * (3 * WIDTH + 8));

describe('N3: if only the structure can prove it', () => {
  test.each([
    ['bitmap', iconBitmap],
    ['PNG', PNG],
  ])(
    'an ICO must contain the whole picture, even if its directory names fewer bytes than its %s has',
    (_name, content) => {
      const whole = ico([content]);
      u32le(50).copy(whole, 6 + 8);
      expect(inspectAlone(whole)).toMatchObject({ width: WIDTH, height: HEIGHT });
      for (let length = 22 + 50; length < whole.length; length += 20) {
        expect(
          codeOf(() => inspectAlone(whole.subarray(0, length))),
          `${length}`,
        ).toBe('UPSTREAM_TRUNCATED');
      }
    },
  );

  test('a PNG with a wrong CRC of its header is refused', () => {
    const flipped = Buffer.from(PNG);
    flipped.writeUInt8(flipped.readUInt8(18) ^ 1, 18);
    expect(codeOf(() => inspectAlone(flipped))).toBe('NOT_AN_IMAGE');
  });
});
