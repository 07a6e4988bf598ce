import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { start } from '../helpers/child.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startBucket } from '../helpers/stack.ts';

const SERVER = fileURLToPath(new URL('../helpers/starvedServer.ts', import.meta.url));
const PICTURES = 50;
const REQUESTS = 500;

it('T58: with 64 files at most, 500 requests are answered or refused, and then all are answered, with the right bytes', async () => {
  const bucket = await startBucket();
  const pictures = await Promise.all(Array.from({ length: PICTURES }, (_, n) => jpeg(n)));
  for (const [n, picture] of pictures.entries()) bucket.server.put('photos', `${n}.jpg`, picture);
  const urls = await Promise.all(pictures.map((_, n) => bucket.presign(`${n}.jpg`)));
  const options = { buckets: [bucket.option], cacheDir: await temporaryDirectory(), memory: false, logLevel: 'silent' };
  const limited = `ulimit -n 64; exec "$0" "$@"`;
  const args = ['-c', limited, process.execPath, SERVER, JSON.stringify(options)];
  const child = await start('bash', args, 'READY');

  const ask = async (n: number) => {
    const answer = await fetch(`http://127.0.0.1:${child.ready}${imageUrl(urls[n] ?? '')}`, {
      headers: { Connection: 'close' },
      signal: AbortSignal.timeout(20_000),
    });
    return { status: answer.status, body: Buffer.from(await answer.arrayBuffer()) };
  };
  // A connection that the process has no file for is the kernel's to refuse.
  const flood = await Promise.all(
    Array.from({ length: REQUESTS }, (_, request) => ask(request % PICTURES).catch(() => undefined)),
  );
  for (const [request, answer] of flood.entries()) {
    if (answer?.status === 200) expect(answer.body.equals(pictures[request % PICTURES] ?? Buffer.of())).toBe(true);
    else if (answer !== undefined) expect([502, 503]).toContain(answer.status);
  }
  for (const [n, picture] of pictures.entries()) {
    const { status, body } = await ask(n);
    expect([status, body.equals(picture)]).toEqual([200, true]);
  }
  expect(child.process.exitCode).toBeNull();
}, 60_000);
