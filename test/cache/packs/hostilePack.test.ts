import { createHash } from 'node:crypto';
import { access, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createS3Source } from '../../../plugin/source/index.ts';
import { inspectImage } from '../../../plugin/images/index.ts';
import { resolveOptions } from '../../../plugin/resolveOptions.ts';
import type { ImportAnswer, ManifestEntry } from '../../../plugin/protocol.ts';
import { bytesOf, openCache, type TestCache } from '../../helpers/cache.ts';
import { END_OF_TAR, inPieces, packedImage, packManifest, paxHeader, rawEntry } from '../../helpers/packs.ts';

const [one, two, three] = ['a', 'b', 'c'].map((name) => packedImage(name)) as [Packed, Packed, Packed];
type Packed = ReturnType<typeof packedImage>;

const byPath = (images: readonly Packed[]) =>
  images.toSorted((a, b) => (a.entry.local_path < b.entry.local_path ? -1 : 1));
const fileOf = ({ entry: { local_path: path }, body }: Packed) =>
  Buffer.concat([...(path.length > 100 ? [paxHeader({ path })] : []), rawEntry({ name: path.slice(0, 100), body })]);
const GOOD = byPath([one, two, three]);
const [first, second, third] = GOOD as [Packed, Packed, Packed];
const manifest = packManifest(GOOD.map(({ entry }) => entry));

/** A good pack with something in it that has no business there. */
const with_ = (...strange: readonly Buffer[]) => [
  manifest,
  fileOf(first),
  ...strange,
  fileOf(second),
  fileOf(third),
  END_OF_TAR,
];

async function imported(
  parts: readonly Uint8Array[],
  opened?: TestCache,
): Promise<ImportAnswer & { opened: TestCache }> {
  const into = opened ?? (await openCache());
  return { ...(await into.cache.importPack(inPieces(Buffer.concat(parts)))), opened: into };
}

/** Nothing but what the cache has itself is anywhere near it. */
async function expectNothingElse({ dir }: TestCache): Promise<void> {
  expect(await readdir(dirname(dir))).toEqual(['.image-cache']);
  await expect(access('/tmp/evil-of-a-pack')).rejects.toThrow();
  expect(await readdir(join(dir, 'tmp'))).toEqual([]);
}

describe('I40: what is strange in a pack is refused by itself, and the rest is taken', () => {
  const image = (name: string) => ({ name, body: bytesOf('evil') });
  const long = packedImage('long', { actor_id: 'z'.repeat(64) });

  it.each<[string, Buffer[]]>([
    ['a path that leads up', [rawEntry(image('../../evil.png'))]],
    ['a path that leads up from a folder of ours', [rawEntry(image('images/0001/../../../evil.png'))]],
    ['an absolute path', [rawEntry(image('/tmp/evil-of-a-pack'))]],
    ['a path of Windows', [rawEntry(image('C:\\evil.png'))]],
    ['a path with a NUL', [rawEntry(image('images\0/evil.png'))]],
    ['another file of a cache', [rawEntry(image('journal/0000000001.log'))]],
    [
      'an image that the manifest does not have',
      [rawEntry({ name: packedImage('x').entry.local_path, body: bytesOf('x') })],
    ],
    [
      'a name of the last place',
      [rawEntry({ name: packedImage('x', { actor_id: 'zz' }).entry.local_path, body: bytesOf('x') })],
    ],
    ['a folder', [rawEntry({ name: 'images/', type: '5' })]],
    ['a symbolic link', [rawEntry({ name: 'images/0001', type: '2', linkname: '/etc' })]],
    [
      'a symbolic link under the name of an image',
      [rawEntry({ name: second.entry.local_path, type: '2', linkname: '/etc/passwd' })],
    ],
    ['a hard link', [rawEntry({ name: 'images/evil.png', type: '1', linkname: '/etc/passwd' })]],
    ['a character device', [rawEntry({ name: 'images/evil.png', type: '3' })]],
    ['a block device', [rawEntry({ name: 'images/evil.png', type: '4' })]],
    ['a pipe', [rawEntry({ name: 'images/evil.png', type: '6' })]],
    ['a sparse file', [rawEntry({ name: 'images/evil.png', type: 'S', body: bytesOf('x') })]],
    ['a path in an extended header', [paxHeader({ path: '/tmp/evil-of-a-pack' }), rawEntry(image('x'))]],
    [
      'another size in an extended header',
      [paxHeader({ size: '512' }), rawEntry({ name: 'x', body: Buffer.alloc(512), size: 0 })],
    ],
    [
      'a sparse file of an extended header',
      [paxHeader({ 'GNU.sparse.name': '/tmp/evil-of-a-pack' }), rawEntry(image('x'))],
    ],
    [
      'a name of GNU tar',
      [
        rawEntry({ name: '././@LongLink', type: 'L', body: Buffer.from('/tmp/evil-of-a-pack\0') }),
        rawEntry(image('x')),
      ],
    ],
    ['a file that has come before', [fileOf(first)]],
    ['a second manifest', [manifest]],
  ])('%s', async (what, strange) => {
    const { opened, problems, ...answer } = await imported(with_(...strange));
    const isLinkOfSecond = what.includes('under the name');
    expect(answer).toMatchObject(isLinkOfSecond ? { imported: 2, refused: 2 } : { imported: 3, refused: 1 });
    expect(problems[0]).toMatchObject({ code: 'PACK_MISMATCH', hint: expect.any(String), path: expect.any(String) });
    await expectNothingElse(opened);
  });

  it('a path in an extended header where a plain one has room', async () => {
    const { opened, ...answer } = await imported([
      manifest,
      paxHeader({ path: first.entry.local_path }),
      rawEntry({ name: 'x', body: first.body }),
      fileOf(second),
      fileOf(third),
      END_OF_TAR,
    ]);
    expect(answer).toMatchObject({ imported: 2, refused: 1, problems: [{ code: 'PACK_MISMATCH' }] });
    await expectNothingElse(opened);
  });

  it('takes a long path from an extended header, and not a size beside it', async () => {
    const pack = (records: Record<string, string>) => [
      packManifest([long.entry]),
      paxHeader({ path: long.entry.local_path, ...records }),
      rawEntry({ name: long.entry.local_path.slice(0, 100), body: long.body }),
      END_OF_TAR,
    ];
    expect(await imported(pack({ size: String(long.body.length) }))).toMatchObject({ imported: 0, refused: 1 });
    expect(await imported(pack({}))).toMatchObject({ imported: 1, refused: 0 });
  });

  it('tells of a strange path only its beginning, without a signature', async () => {
    const path = `../${'x'.repeat(60)}?X-Amz-Signature=0123abcd`;
    const { problems } = await imported(with_(rawEntry(image(path))));
    expect(JSON.stringify(problems)).not.toContain('0123abcd');
  });
});

describe('I40: what is no pack is refused as a whole', () => {
  const hugeSize = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]); // 8 GB, in binary

  it.each<[string, Buffer[], RegExp]>([
    ['nothing', [], /truncated|empty/],
    ['a text', [Buffer.from('hello '.repeat(200))], /damaged/],
    ['gzip', [Buffer.from([0x1f, 0x8b, 8, 0]), END_OF_TAR], /compressed by gzip/],
    ['zstd', [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), END_OF_TAR], /compressed by zstd/],
    ['an empty tar', [END_OF_TAR], /empty/],
    ['another tar', [rawEntry({ name: 'readme.txt', body: Buffer.from('hi') }), END_OF_TAR], /first file/],
    [
      'a manifest that is a link',
      [rawEntry({ name: 'manifest.json', type: '2', linkname: '/etc/passwd' }), END_OF_TAR],
      /first file/,
    ],
    ['one without an end', [manifest, fileOf(first)], /truncated/],
    ['one that is cut in an image', [manifest, fileOf(first).subarray(0, 900)], /truncated/],
    ['one that is cut in its manifest', [manifest.subarray(0, 700)], /truncated/],
    ['one with a damaged header', [manifest, Buffer.alloc(512, 7), END_OF_TAR], /damaged/],
    ['one with something behind it', [manifest, END_OF_TAR, Buffer.from('more')], /damaged/],
    ['a file of 8 GB', [manifest, rawEntry({ name: 'x', size: hugeSize }), Buffer.alloc(4096)], /truncated/],
    ['a manifest of 8 GB', [rawEntry({ name: 'manifest.json', size: hugeSize }), END_OF_TAR], /./],
  ])('%s', async (_, parts, reason) => {
    const opened = await openCache();
    const error = await opened.cache.importPack(inPieces(Buffer.concat(parts))).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: expect.stringMatching(/^PACK_(?:INVALID|TOO_LARGE)$/),
      hint: expect.any(String),
    });
    expect(String(error)).toMatch(reason);
    await expectNothingElse(opened);
  });

  it('one that never ends: its images stay, and nothing more than it may have is read', async () => {
    const opened = await openCache();
    let bytes = 0;
    async function* endless(rest: Buffer) {
      yield* [manifest, fileOf(first), fileOf(second)];
      for (;;) {
        bytes += rest.length;
        yield rest;
      }
    }
    const chunk = Buffer.alloc(1 << 20);
    await expect(opened.cache.importPack(endless(chunk))).rejects.toMatchObject({ code: 'PACK_INVALID' });
    await expect(
      opened.cache.importPack(endless(Buffer.concat([rawEntry({ name: 'x', size: hugeSize }), chunk]))),
    ).rejects.toMatchObject({
      code: 'PACK_INVALID',
    });
    expect(bytes).toBeLessThan(2.2 * (64 << 20));
    expect(await opened.cache.stats()).toMatchObject({ total_entries: 2 });
    await expectNothingElse(opened);
  });
});

describe('I41: nothing in the manifest is believed', () => {
  const pack = (images: readonly Packed[], head = {}) => [
    packManifest(
      images.map(({ entry }) => entry),
      head,
    ),
    ...byPath(images).map(fileOf),
    END_OF_TAR,
  ];

  /** A cache of a bucket, as an app has it. */
  async function bucketCache(): Promise<TestCache> {
    const source = createS3Source(resolveOptions({ buckets: ['team-photos'] }), { recognize: () => undefined });
    onTestFinished(() => source.close());
    return openCache({ source: source as never });
  }
  const url = (key: string) => `https://team-photos.s3.amazonaws.com/${key}`;

  it.each<[string, string, string]>([
    ['a signed URL', `${url('0001/a.png')}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0123abcd`, 'INVALID_URL'],
    ['another bucket', 'https://evil.s3.amazonaws.com/a.png', 'HOST_NOT_ALLOWED'],
    ['another host', 'https://evil.example/a.png', 'HOST_NOT_ALLOWED'],
    ['an address of this machine', 'http://127.0.0.1:9999/a.png', 'HOST_NOT_ALLOWED'],
    ['another way to write an object', 's3://team-photos/0001/a.png', 'INVALID_URL'],
    ['a file', 'file:///etc/passwd', 'INVALID_URL_SCHEME'],
    ['__proto__', '__proto__', 'INVALID_URL'],
  ])('%s', async (_, s3_url, code) => {
    const good = packedImage('good', { s3_url: url('0001/good.png') });
    const { problems, ...answer } = await imported(pack([packedImage('x', { s3_url }), good]), await bucketCache());
    expect(answer).toMatchObject({ imported: 1, refused: 1 });
    expect(problems).toEqual([expect.objectContaining({ code })]);
    expect(JSON.stringify(problems)).not.toContain('0123abcd');
  });

  it.each<[string, Partial<ManifestEntry>, string]>([
    [
      'the name of another object',
      { local_path: packedImage('x', { s3_url: 'mem:y' }).entry.local_path },
      'INVALID_PATH',
    ],
    ['the name of another actor', { actor_id: '0002', local_path: packedImage('x').entry.local_path }, 'INVALID_PATH'],
    [
      'the digest of other bytes',
      { sha256: createHash('sha256').update('other').digest('hex'), local_path: packedImage('x').entry.local_path },
      'INVALID_PATH',
    ],
    ['another size', { size_bytes: 1999 }, 'PACK_MISMATCH'],
    ['an actor that leads up', { actor_id: '..' }, 'INVALID_ACTOR_ID'],
    ['a further actor that leads up', { actor_ids: ['0001', '../../x'] }, 'INVALID_ACTOR_ID'],
    ['the name of an object of Object', { actor_ids: ['0001', '__proto__'] }, 'INVALID_ACTOR_ID'],
  ])('%s', async (_, overrides, code) => {
    const { problems, ...answer } = await imported(pack([packedImage('x', overrides), one, two]));
    expect(answer).toMatchObject({ imported: 2, refused: 1 });
    expect(problems).toEqual([expect.objectContaining({ code })]);
  });

  it('takes nothing of an entry but its object, its bytes, its actors, its name and the fields of the app', async () => {
    const lies = {
      cached_at: 9e15,
      last_used_at: 9e15,
      validated_at: 9e15,
      pinned: true,
      placeholder: 'AAAA',
      original_sha256: 'f'.repeat(64),
      original_size_bytes: 1,
      content_type: 'image/svg+xml',
      width: 99,
      height: 99,
    };
    const { opened } = await imported(
      pack([
        packedImage('x', {
          ...lies,
          filename: 'nice.png',
          meta: JSON.parse('{"__proto__":{"a":1},"b":2}') as object as never,
        }),
      ]),
      await openCache({ now: () => 7 }),
    );
    const entry = await opened.cache.find('mem:x');
    expect(entry).toEqual({
      ...packedImage('x').entry,
      local_path: `.image-cache/${packedImage('x').entry.local_path}`,
      filename: 'nice.png',
      meta: entry?.meta,
      cached_at: 7,
      last_used_at: 7,
      validated_at: 0,
    });
    expect(entry?.meta).toHaveProperty('b', 2);
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  it('keeps an ETag only if it is the MD5 of the bytes', async () => {
    const md5 = createHash('md5').update(one.body).digest('hex');
    const image = (name: string, etag: string) => packedImage(name, { etag });
    const { opened } = await imported(pack([image('a', `"${md5}"`), image('b', `"${md5}"`), image('c', '"0123-2"')]));
    const etags = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => (await opened.cache.find(`mem:${name}`))?.etag),
    );
    expect(etags).toEqual([`"${md5}"`, '', '']);
  });

  it('ten lines that are no entries, and one that is', async () => {
    const broken = Buffer.from(
      `{"version":"1.0","last_updated":0,"entries":{\n${'"__proto__":{"__proto__":1},\n'.repeat(10)}${JSON.stringify('x')}:${JSON.stringify(one.entry)}\n}}\n`,
    );
    const { problems, ...answer } = await imported([
      rawEntry({ name: 'manifest.json', body: broken }),
      fileOf(one),
      END_OF_TAR,
    ]);
    expect(answer).toMatchObject({ imported: 1, refused: 10, total: 1 });
    expect(problems[0]).toMatchObject({ code: 'PACK_MISMATCH', path: 'manifest.json' });
  });

  it.each<[string, object, RegExp]>([
    ['version 9', { version: '9.0' }, /version 9\.0, and this one reads 1\.x/],
    ['a version that is no text', { version: { toString: 1 } }, /no manifest/],
  ])('%s', async (_, head, message) => {
    const { cache } = await openCache();
    const failed = cache.importPack(inPieces(Buffer.concat(pack([one], head))));
    await expect(failed).rejects.toMatchObject({ code: 'PACK_INVALID', message: expect.stringMatching(message) });
  });

  it.each<[string, string]>([
    ['is not sorted', `\n"x":${JSON.stringify(GOOD[1]?.entry)},\n"y":${JSON.stringify(GOOD[0]?.entry)}\n}}\n`],
    ['names a path twice', `\n"x":${JSON.stringify(one.entry)},\n"y":${JSON.stringify(one.entry)}\n}}\n`],
    ['has no end', `\n"x":${JSON.stringify(one.entry)}\n`],
    ['goes on behind its end', '\n}}\nmore\n'],
  ])('a manifest that %s', async (_, lines) => {
    const body = Buffer.from(`{"version":"1.0","last_updated":0,"entries":{${lines}`);
    const { cache } = await openCache();
    const failed = cache.importPack(inPieces(Buffer.concat([rawEntry({ name: 'manifest.json', body }), END_OF_TAR])));
    await expect(failed).rejects.toMatchObject({ code: 'PACK_INVALID' });
  });

  it('more images than maxEntries allows: refused before the others are looked at', async () => {
    const opened = await openCache({ maxEntries: 1000 });
    await opened.cache.prefetch({ s3_url: 'mem:mine' }, '0001');
    const entries = Array.from({ length: 1000 }, (_, n) => packedImage(`n${n}`).entry);
    const failed = opened.cache.importPack(inPieces(Buffer.concat([packManifest(entries), END_OF_TAR])));
    await expect(failed).rejects.toMatchObject({
      code: 'PACK_TOO_LARGE',
      message: expect.stringContaining('maxEntries'),
    });
    expect(await opened.cache.stats()).toMatchObject({ total_entries: 1 });
  });
});

describe('I42: each image is checked like a download', () => {
  async function realCache(settings: Parameters<typeof openCache>[0] = {}): Promise<TestCache> {
    return openCache({ inspect: (bytes, proof) => inspectImage(bytes, proof, { allowSvg: false }), ...settings });
  }
  const PNG = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');

  function imageOf(name: string, body: Buffer, extension = 'png'): Packed {
    const { entry } = packedImage(name);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const folder = entry.local_path.replace(/[0-9a-f]{32}\.png$/, '');
    return {
      entry: { ...entry, sha256, size_bytes: body.length, local_path: `${folder}${sha256.slice(0, 32)}.${extension}` },
      body,
    };
  }

  it('refuses wrong bytes, what is no image, SVG and what is too large one by one', async () => {
    const wrong = imageOf('wrong', PNG);
    const images = [
      imageOf('good', PNG),
      { ...wrong, body: Buffer.concat([PNG.subarray(0, -1), Buffer.from([0])]) },
      imageOf('html', Buffer.from('<!doctype html><p>Sign in</p>')),
      imageOf('svg', SVG, 'svg'),
      imageOf('empty', Buffer.alloc(0)),
      imageOf('large', Buffer.concat([PNG, Buffer.alloc(2000)])),
    ];
    const opened = await realCache({ maxImageSize: 1000 });
    const { problems, ...answer } = await imported(
      [packManifest(images.map(({ entry }) => entry)), ...byPath(images).map(fileOf), END_OF_TAR],
      opened,
    );
    expect(answer).toMatchObject({ imported: 1, refused: 5, absent: 0 });
    const codes = Object.fromEntries(
      problems.map(({ path, code }) => [images.find(({ entry }) => entry.local_path === path)?.entry.filename, code]),
    );
    expect(codes).toEqual({
      wrong: 'PACK_MISMATCH',
      html: 'NOT_AN_IMAGE',
      svg: 'UNSUPPORTED_TYPE',
      empty: 'NOT_AN_IMAGE',
      large: 'IMAGE_TOO_LARGE',
    });
    await expectNothingElse(opened);
  });

  it('takes SVG where the option allows it', async () => {
    const svg = imageOf('svg', SVG, 'svg');
    const opened = await realCache({ inspect: (bytes, proof) => inspectImage(bytes, proof, { allowSvg: true }) });
    expect(await imported([packManifest([svg.entry]), fileOf(svg), END_OF_TAR], opened)).toMatchObject({ imported: 1 });
  });

  it('files an image under the extension that its bytes have', async () => {
    const html = imageOf('x', PNG, 'html');
    const { opened } = await imported([packManifest([html.entry]), fileOf(html), END_OF_TAR], await realCache());
    expect((await opened.cache.find('mem:x'))?.local_path).toMatch(/\.png$/);
  });
});

describe('I45: packs of others', () => {
  it('takes those of another cacheDir, of an app with another base, and of a newer minor version with unknown fields', async () => {
    const entries = GOOD.map(({ entry }) => ({
      ...entry,
      local_path: `apps/web/.cache-of-images/${entry.local_path}`,
      shiny: { new: true },
    }));
    const manifestOf = packManifest(entries, { version: '1.27', shiny: [1, 2], base: '/sub/' });
    const { opened, ...answer } = await imported(
      [manifestOf, ...GOOD.map(fileOf), END_OF_TAR],
      await openCache({ prefix: 'other/' }),
    );
    expect(answer).toMatchObject({ imported: 3, refused: 0 });
    expect(await opened.cache.find('mem:a')).not.toHaveProperty('shiny');
    expect((await opened.cache.find('mem:a'))?.local_path).toBe(`other/${one.entry.local_path}`);
  });
});
