import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { ImportAnswer, ImportLine, Problem } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { startInspector } from '../helpers/inspector.ts';
import { collect, entriesIn } from '../helpers/packs.ts';
import { type Bucket, startBucket } from '../helpers/stack.ts';

async function withImages() {
  const bucket = await startBucket();
  for (const n of [1, 2]) bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
  const server = await startInspector(bucket);
  for (const n of [1, 2]) await server.cache.prefetch({ s3_url: await bucket.presign(`${n}.jpg`) }, `000${n}`);
  return { ...server, bucket };
}

const TAR = { 'Content-Type': 'application/x-tar' };
const send = (base: string, body: Uint8Array, headers: Record<string, string> = TAR) =>
  fetch(`${base}/import`, { method: 'POST', headers, body: new Uint8Array(body) });

describe('GET /export', () => {
  it.each(['', '/inspect'])('sends a pack to be saved, of all images or of an actor, below %j', async (mount) => {
    const { base, cache } = await withImages();
    const response = await fetch(`${base}${mount}/export`);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-tar',
      'content-disposition': 'attachment; filename="images.tar"',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const pack = Buffer.from(await response.arrayBuffer());
    expect(pack).toEqual(await collect(cache.exportPack()));
    expect(pack.includes('X-Amz')).toBe(false);
    const one = Buffer.from(await (await fetch(`${base}${mount}/export?actor_id=0002`)).arrayBuffer());
    expect(entriesIn(one).map(({ path }) => path.slice(0, 12))).toEqual(['manifest.jso', 'images/0002/']);
  });

  it('answers HEAD without making a pack, and refuses what is no actor', async () => {
    const { base } = await withImages();
    const head = await fetch(`${base}/export`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'application/x-tar', '']);
    const refused = await fetch(`${base}/export?actor_id=..`);
    expect([refused.status, ((await refused.json()) as Problem).code]).toEqual([400, 'INVALID_ACTOR_ID']);
  });
});

describe('POST /import', () => {
  async function other(bucket: Bucket) {
    return startInspector(bucket);
  }

  it.each(['', '/inspect'])('takes a pack, below %j, and says what was refused and why', async (mount) => {
    const { cache, bucket } = await withImages();
    const pack = await collect(cache.exportPack());
    pack[pack.lastIndexOf('images/0002/') + 600] = 0; // in the picture
    const server = await other(bucket);
    const response = await send(server.base + mount, pack);
    expect(response.status).toBe(200);
    expect((await response.json()) as ImportAnswer).toMatchObject({
      imported: 1,
      refused: 1,
      problems: [{ code: 'PACK_MISMATCH', path: expect.stringMatching(/^images\/0002\//), hint: expect.any(String) }],
    });
    expect(await server.cache.stats()).toMatchObject({ total_entries: 1 });
  });

  it('tells the progress in lines', async () => {
    const { cache, bucket } = await withImages();
    const pack = await collect(cache.exportPack());
    const { base } = await other(bucket);
    const response = await send(base, pack, { ...TAR, Accept: 'application/x-ndjson' });
    const lines = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as ImportLine);
    expect(lines[0]).toMatchObject({ checked: 1, total: 2 });
    expect(lines.at(-1)).toMatchObject({ done: true, imported: 2 });
  });

  it.each([
    ['a pack under another type', 415, 'UNSUPPORTED_MEDIA_TYPE', { 'Content-Type': 'application/octet-stream' }],
    ['a pack in JSON', 415, 'UNSUPPORTED_MEDIA_TYPE', { 'Content-Type': 'application/json' }],
    ['a pack that is compressed on the way', 415, 'UNSUPPORTED_MEDIA_TYPE', { ...TAR, 'Content-Encoding': 'gzip' }],
    ['what is no pack', 400, 'PACK_INVALID', TAR],
    [
      'a page of another site',
      403,
      'FORBIDDEN_ORIGIN',
      { ...TAR, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    ],
  ])('refuses %s', async (_, status, code, headers) => {
    const { base, cache } = await startInspector(await startBucket());
    const response = await send(base, Buffer.alloc(3000, 7), headers);
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([status, code]);
    expect(await cache.stats()).toMatchObject({ total_entries: 0 });
  });

  it('a client that leaves in the middle: what has arrived stays, and nothing half', async () => {
    const { cache, bucket } = await withImages();
    const pack = await collect(cache.exportPack());
    const server = await other(bucket);
    const sent = request(`${server.base}/import`, { method: 'POST', headers: TAR });
    sent.on('error', () => undefined);
    sent.write(pack.subarray(0, pack.lastIndexOf('images/0002/') + 700));
    await expect.poll(async () => (await server.cache.stats()).total_entries).toBe(1);
    sent.destroy();
    await expect.poll(async () => (await server.cache.verify()).entries).toBe(1);
    expect(await (await send(server.base, pack)).json()).toMatchObject({ imported: 1, known: 1 });
  });

  it('a pack that is refused at once is answered, although its client goes on sending', async () => {
    const { base } = await startInspector(await startBucket());
    const response = await send(base, Buffer.alloc(20 << 20, 7));
    expect(((await response.json()) as Problem).code).toBe('PACK_INVALID');
  });
});
