import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type InlineConfig } from 'vite';
import { describe, expect, it } from 'vitest';
import type { ImageCacheOptions } from '../../plugin/options.ts';
import { imageCache } from '../../plugin/plugin.ts';
import { WORKER_FILE } from '../../plugin/protocol.ts';
import { temporaryDirectory } from '../helpers/directory.ts';

const KEYS = { accessKeyId: 'AKIDSECRET', secretAccessKey: 'verysecret' };
const PHOTOS = {
  name: 'photos',
  endpoint: 'https://user:password@s3.example.com/',
  cdn: ['img.example.com'],
  credentials: KEYS,
};

/** What `vite build` of an app with one page makes: the worker, and what is left of `__IMAGE_CACHE_WORKER__` in the page. */
async function built(
  options: Partial<ImageCacheOptions>,
  config: InlineConfig = {},
): Promise<{ worker: string | undefined; page: string }> {
  const root = await temporaryDirectory();
  await writeFile(join(root, 'index.html'), '<script type="module" src="/main.js"></script>');
  await writeFile(join(root, 'main.js'), 'console.log(typeof __IMAGE_CACHE_WORKER__, __IMAGE_CACHE_WORKER__);');
  const answer = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [imageCache({ buckets: [PHOTOS, 'icons'], ...options })],
    ...config,
    build: { write: false, minify: false, ...config.build },
  });
  if (!('output' in answer)) throw new Error('There is more than one build.');
  const worker = answer.output.find(({ fileName }) => fileName === WORKER_FILE);
  const page = answer.output.flatMap((file) => (file.type === 'chunk' ? file.code : [])).join('');
  return { worker: worker?.type === 'asset' ? String(worker.source) : undefined, page };
}

/** The options that a worker is started with. */
function optionsIn(worker: string | undefined): unknown {
  return JSON.parse(/\n\}\)\((\{.*\})\);\n$/.exec(worker ?? '')?.[1] ?? 'null');
}

describe('the option `serviceWorker`', () => {
  it('writes one classic script under a name that stays, which knows the buckets, and no key', async () => {
    const { worker, page } = await built({ serviceWorker: { maxSize: '500MB', maxAge: 3600 } });
    expect(worker).not.toMatch(/^\s*(?:import|export)\b/m);
    expect(worker).not.toMatch(/AKIDSECRET|verysecret|password/);
    expect(optionsIn(worker)).toEqual({
      base: '/api/cache',
      buckets: [
        { name: 'photos', endpoint: 'https://s3.example.com/', forcePathStyle: true, cdn: ['img.example.com'] },
        { name: 'icons' },
      ],
      maxSize: '500MB',
      maxAge: 3600,
    });
    expect(page).toContain('"image-cache-sw.js"');
  });

  it.each([
    ['/app/', {}, '/app/api/cache'],
    ['./', {}, './api/cache'],
    ['https://cdn.example.com/app/', {}, '/api/cache'],
    ['/app/', { base: '/images' }, '/images'],
    ['/app/', { base: false as const }, false],
  ])('with base %s and %o, its API is at %s', async (base, serviceWorker, expected) => {
    const { worker } = await built({ serviceWorker }, { base });
    expect(optionsIn(worker)).toMatchObject({ base: expected });
  });

  it('keeps the buckets that are named, and says nothing of an endpoint that only the machine that builds has', async () => {
    process.env['AWS_ENDPOINT_URL'] = 'http://internal.example:4566';
    try {
      const { worker } = await built({ serviceWorker: { buckets: ['icons'] } });
      expect(optionsIn(worker)).toMatchObject({ buckets: [{ name: 'icons' }] });
      expect(worker).not.toContain('internal.example');
    } finally {
      delete process.env['AWS_ENDPOINT_URL'];
    }
  });

  it('I51: `false` writes the tombstone; without the option there is no file', async () => {
    const tombstone = await built({ serviceWorker: false });
    expect(tombstone.worker).toContain('unregister()');
    expect(tombstone.page).toContain('"boolean", false');
    const none = await built({});
    expect(none.worker).toBeUndefined();
    expect(none.page).toContain('typeof __IMAGE_CACHE_WORKER__');
  });

  it('a build for a server has no worker', async () => {
    const { worker } = await built({ serviceWorker: {} }, { build: { ssr: 'main.js' } });
    expect(worker).toBeUndefined();
  });

  it.each([
    [true, 'option `serviceWorker` must be false, or an object', ''],
    [{ base: 'api/cache' }, 'option `serviceWorker.base` must be false, or the path', "Write '/api/cache'."],
    [{ maxSize: 'much' }, 'option `serviceWorker.maxSize` must be a positive number of bytes', ''],
    [{ maxAge: -1 }, 'option `serviceWorker.maxAge` must be a positive number of seconds', ''],
    [{ buckets: ['phtos'] }, 'option `serviceWorker.buckets.0` must be the name', "There are 'photos', 'icons'."],
    [{ maxsize: '1GB' }, 'there is no option `serviceWorker.maxsize`', 'Did you mean `maxSize`?'],
  ])('%o is refused with a code and a hint', (serviceWorker, message, hint) => {
    // What a JavaScript config may contain.
    const options = { buckets: ['photos', 'icons'], serviceWorker } as ImageCacheOptions;
    const expected = { code: 'INVALID_OPTION', message: expect.stringContaining(message) as string };
    expect(() => imageCache(options)).toThrow(expect.objectContaining(expected) as Error);
    expect(() => imageCache(options)).toThrow(hint);
  });
});
