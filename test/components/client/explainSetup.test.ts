import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** Modules of their own, since each thing is told once a page. */
async function freshPage() {
  vi.resetModules();
  const { explainMissingCache, explainFailedUrl } = await import('../../../components/client/explainSetup.ts');
  const { defaultClient, createCacheClient } = await import('../../../components/client/cacheClient.ts');
  const { configure } = await import('../../../components/client/config.ts');
  return { explainMissingCache, explainFailedUrl, defaultClient, createCacheClient, configure };
}

beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});
const warnings = (): string[] => vi.mocked(console.warn).mock.calls.map(([text]) => String(text));

test('E7: a forgotten plugin is told once, with the lines to add', async () => {
  const { explainMissingCache, defaultClient } = await freshPage();
  explainMissingCache(defaultClient, 's3://team-photos/portraits/1.jpg');
  explainMissingCache(defaultClient, 's3://team-photos/portraits/2.jpg');
  expect(warnings()).toEqual([
    "[image-cache] <CachedImage> has found no image cache here, and without it no browser can show s3://team-photos/portraits/1.jpg. Add the plugin to vite.config.ts: plugins: [imageCache({ buckets: ['team-photos'] })], with import { imageCache } from 'vite-plugin-image-cache'. If there is to be none, say so: configureImageCache({ base: false }).",
  ]);
});

test('E7: presigned URLs are shown, and come from S3 each time; no signature is told', async () => {
  const { explainMissingCache, defaultClient } = await freshPage();
  explainMissingCache(defaultClient, 'https://photos.s3.amazonaws.com/a.jpg?X-Amz-Signature=abc');
  expect(warnings()).toEqual([expect.stringContaining('so images come from S3 each time')]);
  expect(warnings()[0]).toContain("buckets: ['<bucket>']");
  expect(warnings()[0]).not.toContain('abc');
});

test.each(['/logo.svg', 'logo.svg', 'data:image/png;base64,AA', 'blob:http://a/b', '', undefined])(
  'E7: %s needs no cache',
  async (url) => {
    const { explainMissingCache, defaultClient } = await freshPage();
    explainMissingCache(defaultClient, url);
    expect(warnings()).toEqual([]);
  },
);

test('E7: who has named a server, or said that there is none, is told nothing', async () => {
  const { explainMissingCache, defaultClient, createCacheClient, configure } = await freshPage();
  explainMissingCache(createCacheClient({ baseUrl: () => undefined }), 's3://b/a.jpg');
  configure({ base: false });
  explainMissingCache(defaultClient, 's3://b/a.jpg');
  expect(warnings()).toEqual([]);
});

test.each([
  ['portraits/1.jpg', 's3_url="s3://<bucket>/portraits/1.jpg"'],
  ['/api/cache/i/0123456789abcdef0123456789abcdef.jpg', '<UploadedImage imageRef={…}>'],
  ['./portraits/1.jpg', 's3_url="s3://<bucket>/portraits/1.jpg"'],
  ['/portraits/1.jpg?v=1', 's3_url="s3://<bucket>/portraits/1.jpg"'],
  ['arn:aws:s3:::team-photos/1.jpg', 'Write s3://team-photos/1.jpg'],
])('E8: %s is answered by what to write', async (url, remedy) => {
  const { explainFailedUrl } = await freshPage();
  explainFailedUrl(null, url);
  explainFailedUrl(null, url);
  expect(warnings()).toEqual([expect.stringContaining(remedy)]);
});

test('E8: the bucket is named where the plugin has but one', async () => {
  vi.stubGlobal('__IMAGE_CACHE__', { base: '/api/cache', bucket: 'team-photos' });
  const { explainFailedUrl } = await freshPage();
  explainFailedUrl(null, 'portraits/1.jpg');
  expect(warnings()).toEqual([expect.stringContaining('s3_url="s3://team-photos/portraits/1.jpg"')]);
});

test('5: `widths` without sharp is told once, with the remedy', async () => {
  vi.stubGlobal('__IMAGE_CACHE__', { base: '/api/cache', isSharpMissing: true });
  await freshPage();
  const { getImageProps } = await import('../../../components/client/imageProps.ts');
  const { configureImageCache } = await import('../../../components/client/configureImageCache.ts');
  configureImageCache({ base: '/api/cache' });
  for (const name of ['a', 'b']) getImageProps({ src: `https://b.s3.amazonaws.com/${name}.jpg`, widths: [640] });
  await vi.waitFor(() => expect(warnings()).toEqual([expect.stringContaining('Run `npm install sharp`')]));
  configureImageCache({ base: false });
});

test.each(['data:image/png;base64,AA', 'blob:http://a/b', 'https://example.com/a.jpg'])(
  'E8: %s is no key',
  async (url) => {
    const { explainFailedUrl } = await freshPage();
    explainFailedUrl(null, url);
    expect(warnings()).toEqual([]);
  },
);

test('E7: imageCache of /react, taken for the plugin of the same name, says what to import instead', async () => {
  const { imageCache } = await import('../../../components/index.ts');
  const plugin = imageCache as unknown as (options: object) => void; // as in a vite.config.js
  expect(() => plugin({ buckets: ['team-photos'] })).toThrow(
    "This imageCache is for pages. In vite.config.ts, write: import { imageCache } from 'vite-plugin-image-cache'",
  );
});
