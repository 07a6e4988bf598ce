import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { INSTALL, npm, packTarball, typeCheck } from './tarball.ts';

/** The oldest that is supported: two years old. */
const OLDEST_TYPESCRIPT = '5.6.3';

/** A line from each entry point, as TypeScript's users write them. */
const CONSUMER = `import { useRef } from 'react';
import { type CacheStats, ImageCacheError, imageCache } from 'vite-plugin-image-cache';
import { imageCache as client, prefetchManager } from 'vite-plugin-image-cache/client';
import { type ImageCacheServer, createImageCache } from 'vite-plugin-image-cache/express';
import { CachedImage, usePrefetch } from 'vite-plugin-image-cache/react';
import { FakeImageCache, type FakeImageCacheControls, createFakeImageCache } from 'vite-plugin-image-cache/testing';
import {
  ImageUploadsProvider, UploadBadge, UploadList, UploadedImage, type UploadTransport, createImageUploads, presignedTransport, useImageUpload,
} from 'vite-plugin-image-cache/uploads';

export const plugins = imageCache({ buckets: ['team-photos', { name: 'private', prefix: 'actors/' }], maxSize: '2GB' });
export const server: ImageCacheServer = createImageCache({
  buckets: ['team-photos'],
  authorize: (request, entry) => request.headers.cookie === entry.actor_id,
});
export const stats: Promise<CacheStats> = client.getStats();
export const total: number = prefetchManager.getProgress().total;
export const isMissing = (error: unknown) => error instanceof ImageCacheError && error.code === 'NOT_CACHED';

export function Photo() {
  const ref = useRef<HTMLImageElement>(null);
  usePrefetch();
  return <CachedImage ref={ref} s3_url="s3://team-photos/a.jpg" alt="" loading="lazy" className="photo" />;
}

export const fake: FakeImageCacheControls = createFakeImageCache({
  images: { 's3://team-photos/a.jpg': 'loading', 's3://team-photos/b.jpg': { state: 'cached', width: 640 } },
  others: 'missing',
});
fake.fail('s3://team-photos/a.jpg', 'UPSTREAM_EXPIRED');
export const story = (
  <FakeImageCache cache={fake}>
    <Photo />
  </FakeImageCache>
);

const transport: UploadTransport = presignedTransport({ sign: async ({ key }) => ({ url: key }) });
export const uploads = createImageUploads({ transport, prepare: { strip: 'all' }, limits: { maxFileSize: 1e6 } });

export function Pictures() {
  const { upload, uploads: picked, isBusy } = useImageUpload();
  return (
    <ImageUploadsProvider uploads={uploads}>
      <input type="file" disabled={isBusy} onChange={({ target }) => void upload(target.files ?? [])} />
      <UploadList uploads={picked} label="Pictures" className="list" />
      <UploadBadge title="Pictures" />
      <UploadedImage imageRef={picked[0]?.ref} alt="" width={640} />
    </ImageUploadsProvider>
  );
}

// @ts-expect-error an image is in no such state
export const gone = <FakeImageCache images={{ 's3://team-photos/a.jpg': 'gone' }} />;
// @ts-expect-error the allow-list is required
imageCache({});
// @ts-expect-error there is no such code
new ImageCacheError('NOPE', '');
// @ts-expect-error an image has no such attribute
export const wrong = <CachedImage s3_url="" alt="" href="" />;
`;

/** The same for apps on Preact, which have no types of React. */
const PREACT_CONSUMER = `import { useRef } from 'preact/hooks';
import { getImageProps } from 'vite-plugin-image-cache/client';
import {
  CachedImage, type CachedImageProps, ImageCacheProvider, PrefetchProgress, SuspendingImage,
  useCacheStats, useCachedImage, useImageCache, useImageCacheEvents, usePrefetch,
} from 'vite-plugin-image-cache/react';
import { FakeImageCache } from 'vite-plugin-image-cache/testing';

export function Photo({ url }: { url: string }) {
  const img = useRef<HTMLImageElement>(null);
  const { src, ref, onError, crossOrigin, status } = useCachedImage(url, { loading: 'lazy', fallback: '/none.svg' });
  const { progress } = usePrefetch();
  const { stats } = useCacheStats();
  const cache = useImageCache();
  useImageCacheEvents((event) => event.type);
  return (
    <ImageCacheProvider base="/api/cache" refreshUrl={async (key) => key}>
      <CachedImage ref={img} s3_url={url} alt="A" title="B" class="photo" style={{ maxWidth: '100%' }} onLoad={(event) => event.currentTarget.naturalWidth} />
      <CachedImage src={url} alt="A" className="photo" srcSet="a 1x" sizes="10px" fetchPriority="high" fallback={<p>none</p>} />
      <CachedImage s3_url={url} aria-label="A" data-id="1" widths={[384, 640]} onCacheStatus={({ ms }) => ms} />
      <SuspendingImage s3_url={url} alt="A" onClick={() => void cache.invalidate(url)} />
      <PrefetchProgress label="Photographs" class="progress" texts={{ failing: () => '' }} />
      <img src={src} ref={ref} onError={onError} crossOrigin={crossOrigin} alt={status} />
      <picture><source {...getImageProps({ srcSet: url, type: 'image/avif' })} /></picture>
      <FakeImageCache others="missing">{progress.completed} of {stats?.total_entries}</FakeImageCache>
    </ImageCacheProvider>
  );
}

export function Portrait({ alt = 'Portrait', ...props }: CachedImageProps) {
  return <CachedImage {...props} alt={alt} />;
}

// @ts-expect-error a number
export const wrong = <CachedImage s3_url="" alt="" retries="two" />;
// @ts-expect-error an image has no such attribute
export const link = <CachedImage s3_url="" alt="" href="" />;
`;

/** As Preact's documentation tells apps to do it. */
const PREACT_PATHS = {
  react: ['./node_modules/preact/compat'],
  'react-dom': ['./node_modules/preact/compat'],
};

/** Stricter than most apps are: what holds here holds under their settings. */
const STRICT = [
  '--noEmit --strict --exactOptionalPropertyTypes --verbatimModuleSyntax --skipLibCheck false',
  '--target es2022 --lib es2023,dom --jsx react-jsx --types node',
].flatMap((line) => line.split(' '));

vi.setConfig({ testTimeout: 60_000 });

let app: string;
let tarball: string;

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'image-cache-types-'));
  tarball = await packTarball(app);
  await npm(['init', '--yes'], app);
  const types = ['@types/node@20', '@types/react@19', 'vite@8', 'react@19'];
  await npm([...INSTALL, tarball, `typescript@${OLDEST_TYPESCRIPT}`, ...types], app);
  await writeFile(join(app, 'consumer.tsx'), CONSUMER);
  await npm(['pkg', 'set', 'type=module'], app);
  return () => rm(app, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
});

describe(`every entry point's types under TypeScript ${OLDEST_TYPESCRIPT}`, () => {
  it.each([
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('module %s, moduleResolution %s', async (module, moduleResolution) => {
    const settings = ['--module', module, '--moduleResolution', moduleResolution];
    const { complaints, declarations } = await typeCheck(app, [...STRICT, ...settings, 'consumer.tsx']);
    expect(declarations).not.toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe('types of an app that maps `react` to `preact/compat`', () => {
  it.each(['10', '11'])('Preact %s', async (version) => {
    const folder = await mkdtemp(join(app, 'preact-'));
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
    await npm([...INSTALL, '--legacy-peer-deps', tarball, `preact@${version}`, 'typescript@5.9'], folder);
    await writeFile(join(folder, 'consumer.tsx'), PREACT_CONSUMER);
    const runtime = { target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable'], types: [] };
    const modules = { module: 'esnext', moduleResolution: 'bundler', verbatimModuleSyntax: true, paths: PREACT_PATHS };
    const jsx = { jsx: 'react-jsx', jsxImportSource: 'preact' };
    const compilerOptions = { ...runtime, ...modules, ...jsx, strict: true, skipLibCheck: false, noEmit: true };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.tsx'] }));
    const { complaints, declarations } = await typeCheck(folder, []);
    expect(declarations).not.toEqual([]);
    expect(complaints).toEqual([]);
  });
});
