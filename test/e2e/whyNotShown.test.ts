import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Manifest, ManifestEntry } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, imageUrl, startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { openPage } from './fixture/openPage.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

/** Why an image does not show, as it happens in an app. */
interface Cause {
  name: string;
  /** Makes it happen. @returns the URL that the app shows */
  arrange(world: World): Promise<string> | string;
  /** What the inspector says after the click on the link in the console: what is wrong, and what to do. */
  says: readonly (string | RegExp)[];
}

interface World {
  bucket: Bucket;
  api: string;
  cacheDir: string;
}

const CAUSES: readonly Cause[] = [
  {
    name: 'its signature has expired',
    arrange: ({ bucket }) => bucket.presign('a.jpg', 7200),
    says: ['UPSTREAM_EXPIRED', 'The signature of the URL has expired', 'Get a newly signed URL'],
  },
  {
    name: 'there is no such object',
    arrange: ({ bucket }) => bucket.presign('none.jpg'),
    says: ['UPSTREAM_NOT_FOUND', 'answered 404 NoSuchKey', 'Check the key'],
  },
  {
    name: 'whoever signed may not read it',
    arrange({ bucket }) {
      Object.assign(bucket.server.faults, { forbidden: 1, keys: 'secret' });
      return bucket.presign('secret.jpg');
    },
    says: ['UPSTREAM_FORBIDDEN', 'AccessDenied', 'The signer of the URL has no permission to read the object'],
  },
  {
    name: 'it was signed with another secret',
    arrange: ({ bucket }) => presignWrongly(bucket, 'b.jpg'),
    says: ['UPSTREAM_FORBIDDEN', 'SignatureDoesNotMatch', 'signed with a wrong secret'],
  },
  {
    name: 'its bucket is not listed',
    arrange: () => 's3://archive/a.jpg',
    says: [
      'HOST_NOT_ALLOWED',
      'No bucket of the option buckets has URLs like this one: none is named archive',
      "buckets: ['archive']",
    ],
  },
  {
    name: 'it is a page of HTML',
    arrange({ bucket }) {
      bucket.server.put('photos', 'page.jpg', Buffer.from('<!doctype html><title>Sign in</title>'));
      return bucket.presign('page.jpg');
    },
    says: ['NOT_AN_IMAGE', 'an HTML page', 'A proxy, a login page or an app answered instead'],
  },
  {
    name: 'S3 cannot be reached',
    arrange: () => 's3://gone/a.jpg',
    says: ['UPSTREAM_UNREACHABLE', 'ECONNREFUSED', 'check that the server of the endpoint runs'],
  },
  {
    name: 'it is larger than allowed',
    async arrange({ bucket }) {
      bucket.server.put('photos', 'large.jpg', Buffer.concat([await jpeg(1), Buffer.alloc(200_000)]));
      return bucket.presign('large.jpg');
    },
    says: ['IMAGE_TOO_LARGE', 'larger than 100000 bytes', 'The options maxImageSize and maxSize set the limit'],
  },
];

/** Not with the others: S3 gives the same answer as to one of them, so the console would tell of both in one line. */
const DAMAGED: Cause = {
  name: 'its file was damaged, and S3 is away',
  async arrange({ bucket, api, cacheDir }) {
    await load(api, await bucket.presign('damaged.jpg'));
    const manifest = (await (await fetch(`${api}/manifest`)).json()) as { entries: Record<string, ManifestEntry> };
    for (const { local_path } of Object.values(manifest.entries))
      await writeFile(join(cacheDir, '..', local_path), 'x');
    Object.assign(bucket.server.faults, { forbidden: 1, keys: 'damaged' });
    return bucket.presign('damaged.jpg', 60);
  },
  says: ['It is not in the cache: its file was damaged', /Quarantine\s+here/, 'AccessDenied'],
};

/** Has the cache store an image. */
async function load(api: string, url: string): Promise<void> {
  await (await fetch(api + imageUrl(url))).arrayBuffer();
}

/** As a backend does whose secret has been mistyped. */
async function presignWrongly({ option: { endpoint, credentials } }: Bucket, key: string): Promise<string> {
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { ...credentials, secretAccessKey: 'mistyped' },
  });
  onTestFinished(() => client.destroy());
  return getSignedUrl(client, new GetObjectCommand({ Bucket: 'photos', Key: key }), { expiresIn: 900 });
}

it('an image does not show: one click from its line in the console leads to what is wrong and what to do', async () => {
  const bucket = await startBucket();
  for (const [n, key] of ['a.jpg', 'b.jpg', 'secret.jpg', 'damaged.jpg', 'slow.jpg', 'other.jpg'].entries())
    bucket.server.put('photos', key, await jpeg(n));
  const gone = { ...bucket.option, name: 'gone', endpoint: 'http://127.0.0.1:1' };
  const server = await startApp({
    root: app.root,
    bucket,
    buckets: [bucket.option, gone],
    maxImageSize: '100KB',
    maxEntries: 1,
    memory: false,
  });
  const { page } = await openPage(await browser.newContext(), server.url);
  const inspector = await page.context().newPage();
  inspector.setDefaultTimeout(5000);
  const links: string[] = [];
  page.on('console', (message) => {
    const link = /^\[image-cache\][^]*\nSee (\S+)$/.exec(message.text())?.[1];
    if (link !== undefined) links.push(link);
  });
  const world: World = { bucket, api: server.api, cacheDir: server.cacheDir };

  for (const causes of [CAUSES, [DAMAGED]]) {
    links.length = 0;
    const urls = [];
    for (const { arrange } of causes) urls.push(await arrange(world));
    await page.evaluate((shown) => window.fixture.show(shown.map((s3_url) => ({ s3_url, retries: 0 }))), urls);
    await expect.poll(() => links).toHaveLength(causes.length);
    for (const [n, { name, says }] of causes.entries()) {
      const object = encodeURIComponent(urls[n]?.split('?', 1)[0] ?? '');
      const link = links.find((each) => each.endsWith(`=${object}`)) ?? `There is no link to ${object}`;
      await inspector.goto('about:blank');
      await inspector.goto(link);
      await inspector.locator('.details .note').first().waitFor();
      const text = await inspector.locator('.details').innerText();
      for (const words of says) expect(text, name).toMatch(words);
    }
    await page.evaluate(() => window.fixture.show([]));
    bucket.server.faults.forbidden = 0;
  }

  // The tenth shows, but slowly each time: the inspector's address and a click on the picture.
  for (const key of ['slow.jpg', 'other.jpg']) await load(server.api, await bucket.presign(key));
  Object.assign(bucket.server.faults, { latencyMs: 100, keys: 'slow' });
  await page.evaluate((s3_url) => window.fixture.show([{ s3_url }]), await bucket.presign('slow.jpg', 60));
  await page.waitForFunction(() => document.images[0]?.naturalWidth);
  // It shows before it is stored, and the list of images does not change under the reader.
  const stored = async () => (await (await fetch(`${server.api}/manifest`)).json()) as Manifest;
  await expect
    .poll(async () => Object.values((await stored()).entries).map(({ filename }) => filename))
    .toEqual(['slow.jpg']);
  await inspector.goto('about:blank');
  await inspector.goto(`${server.url}/__image-cache/`);
  await inspector.getByRole('gridcell', { name: /^slow\.jpg/ }).click();
  await inspector.getByText(/Stored after \d{3} ms.* It was not there: evicted .*maxEntries/).waitFor();
});
