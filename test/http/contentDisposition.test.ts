import { createServer } from 'node:http';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { contentDisposition, savedName } from '../../plugin/http/contentDisposition.ts';
import type { Manifest } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { photo } from '../helpers/pictures.ts';
import { imagePath, imageUrl, startApi, startBucket } from '../helpers/stack.ts';

describe('B20: the name that an image is saved under', () => {
  it.each([
    ['beach.jpg', 'image/jpeg', 'beach.jpg'],
    ['beach.JPEG', 'image/jpeg', 'beach.JPEG'],
    ['beach', 'image/jpeg', 'beach.jpg'],
    ['Trip v1.2', 'image/png', 'Trip v1.2.png'],
    // Of another format: what is saved opens.
    ['beach.jpg', 'image/webp', 'beach.webp'],
    ['beach.tar.png', 'image/avif', 'beach.tar.avif'],
    ['setup.exe', 'image/png', 'setup.exe.png'],
    ['Grüße aus 東京 🗼.jpg', 'image/jpeg', 'Grüße aus 東京 🗼.jpg'],
    ['u\u0308ber.jpg', 'image/jpeg', 'über.jpg'],
    // Paths.
    ['a/b\\c.jpg', 'image/jpeg', 'a_b_c.jpg'],
    ['../../etc/passwd', 'image/png', '_.._etc_passwd.png'],
    ['..', 'image/png', 'image.png'],
    ['.htaccess', 'image/png', 'htaccess.png'],
    ['', 'image/jpeg', 'image.jpg'],
    [' . ', 'image/jpeg', 'image.jpg'],
    // What is not seen.
    ['a\r\nSet-Cookie: x=1.jpg', 'image/jpeg', 'aSet-Cookie: x=1.jpg'],
    ['a\0b\u007f\u0085.jpg', 'image/jpeg', 'ab.jpg'],
    ['holiday\u202egpj.exe', 'image/jpeg', 'holidaygpj.exe.jpg'],
    ['\u2066a\u2069\u200f\u061c.png', 'image/png', 'a.png'],
    ['a\u2028b.jpg', 'image/jpeg', 'ab.jpg'],
    ['half \ud83d.jpg', 'image/jpeg', 'half .jpg'],
    ['\ufeffa.jpg', 'image/jpeg', 'a.jpg'],
    ['family 👨‍👩‍👧.jpg', 'image/jpeg', 'family 👨‍👩‍👧.jpg'],
  ])('%j, %s: %j', (filename, type, expected) => {
    expect(savedName(filename, type)).toBe(expected);
  });

  it.each(['a', 'ü', '東', '🗼'])(
    'is never too long for a file system, and never ends with half a character: %s',
    (letter) => {
      const name = savedName(`${letter.repeat(1024)}.jpeg`, 'image/jpeg');
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(210);
      expect(name).toMatch(new RegExp(`^(?:${letter})+\\.jpeg$`, 'u'));
    },
  );

  it.each([
    ['beach.jpg', `inline; filename="beach.jpg"; filename*=UTF-8''beach.jpg`],
    ['my beach (1).jpg', `inline; filename="my beach (1).jpg"; filename*=UTF-8''my%20beach%20%281%29.jpg`],
    ['50%20 "ü"\'*.jpg', `inline; filename="50_20 ___'*.jpg"; filename*=UTF-8''50%2520%20%22%C3%BC%22%27%2A.jpg`],
    ['🗼.jpg', `inline; filename="_.jpg"; filename*=UTF-8''%F0%9F%97%BC.jpg`],
  ])('%j is sent as %s', (filename, header) => {
    expect(contentDisposition(filename, 'image/jpeg')).toBe(header);
  });

  it('of SVG is an attachment (T13)', () => {
    expect(contentDisposition('a.svg', 'image/svg+xml')).toBe(`attachment; filename="a.svg"; filename*=UTF-8''a.svg`);
  });

  it('is a header that Node accepts, whatever the name', async () => {
    const response = new Promise<string | null>((resolve) => {
      const server = createServer((_, answer) => {
        const any = Array.from({ length: 0x3000 }, (_each, code) => String.fromCodePoint(code)).join('');
        answer.writeHead(200, { 'Content-Disposition': contentDisposition(`\udc00${any}`, 'image/png') }).end();
      });
      server.listen(0, '127.0.0.1', async () => {
        const address = server.address();
        const port = typeof address === 'object' ? address?.port : undefined;
        resolve((await fetch(`http://127.0.0.1:${port}`)).headers.get('content-disposition'));
        server.close();
      });
    });
    expect(await response).toMatch(/^inline; filename="[\x20-\x7e]+"; filename\*=UTF-8''[\w%!#$&+.^`|~-]+$/);
  });
});

describe('B20: GET /image', () => {
  async function start() {
    const bucket = await startBucket();
    bucket.server.put('photos', 'Strand Süd', await photo(80, 60).jpeg().toBuffer());
    const api = await startApi(bucket);
    const url = imageUrl(await bucket.presign('Strand Süd'));
    return { bucket, api, url };
  }

  const nameIn = async (answer: Response) => {
    await answer.arrayBuffer();
    return /filename\*=UTF-8''(\S+)$/.exec(answer.headers.get('content-disposition') ?? '')?.[1];
  };
  const NAME = 'Strand%20S%C3%BCd.jpg';

  it('sends it with complete images, parts of them and HEAD, from S3, memory and disk', async () => {
    const { api, url } = await start();
    expect(await nameIn(await api.get(url)), 'streamed').toBe(NAME);
    const { entries } = (await (await api.get('/manifest')).json()) as Manifest;
    const [{ local_path } = { local_path: '' }] = Object.values(entries);
    for (const asked of [url, imagePath(local_path), imagePath(local_path)]) {
      expect(await nameIn(await api.get(asked))).toBe(NAME);
      const part = await api.get(asked, { Range: 'bytes=0-9' });
      expect([part.status, await nameIn(part)]).toEqual([206, NAME]);
      expect(await nameIn(await fetch(api.base + asked, { method: 'HEAD' }))).toBe(NAME);
    }
  });

  it('sends a variant with the extension of its format, and an original instead of it with its own', async () => {
    const { api, url } = await start();
    expect(await nameIn(await api.get(`${url}&w=16&format=webp`))).toBe('Strand%20S%C3%BCd.webp');
    expect(await nameIn(await api.get(`${url}&w=16`, { Accept: 'image/avif' }))).toBe('Strand%20S%C3%BCd.avif');
    expect(await nameIn(await api.get(`${url}&w=3840`, { Accept: '*/*' }))).toBe(NAME);
  });

  it('sends the name that the app has set', async () => {
    const { api, bucket } = await start();
    bucket.server.put('photos', '0f3c', await jpeg(2));
    const s3_url = await bucket.presign('0f3c');
    await api.post('/prefetch', { actor_id: '1', images: [{ s3_url, filename: 'Anna\u202e/2026.png' }] });
    expect(await nameIn(await api.get(imageUrl(s3_url)))).toBe('Anna_2026.jpg');
  });

  it('sends the extension of the stored format, if that is not the one from S3', async () => {
    const bucket = await startBucket();
    const picture = await photo(400, 300).png().toBuffer();
    bucket.server.put('photos', 'a.png', picture);
    const api = await startApi(bucket, { images: { store: 'webp' } });
    const url = imageUrl(await bucket.presign('a.png'));
    expect(await nameIn(await api.get(url))).toBe('a.png');
    await expect.poll(async () => nameIn(await api.get(url))).toBe('a.webp');
    expect((await sharp(Buffer.from(await (await api.get(url)).arrayBuffer())).metadata()).format).toBe('webp');
  });
});
