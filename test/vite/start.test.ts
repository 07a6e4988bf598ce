import { access, chmod, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type InlineConfig, createLogger, createServer, preview } from 'vite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ensureWritable } from '../../plugin/cache/files/ensureUsable.ts';
import { readTotals } from '../../plugin/cache/manifest/manifestTotals.ts';
import { imageCache } from '../../plugin/index.ts';
import type { ImageCacheOptions } from '../../plugin/options.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, imageUrl, startBucket } from '../helpers/stack.ts';

/** Starts Vite as its command line does, and gathers what it prints. */
async function start(root: string, options: Partial<ImageCacheOptions> = {}, config: InlineConfig = {}) {
  const { customLogger, printed, warned } = printer();
  const server = await createServer({
    root,
    configFile: false,
    customLogger,
    plugins: [imageCache({ buckets: ['photos'], ...options })],
    ...config,
    server: { host: '127.0.0.1', port: 0, ...config.server },
  });
  onTestFinished(() => server.close());
  if (config.server?.middlewareMode !== true) {
    await server.listen();
    server.printUrls();
  }
  return { server, printed, warned, origin: server.resolvedUrls?.local[0] ?? '' };
}

function printer() {
  const [printed, warned]: [string[], string[]] = [[], []];
  const customLogger = createLogger('silent');
  customLogger.info = (message) => printed.push(message);
  customLogger.warn = (message) => warned.push(message);
  return { customLogger, printed, warned };
}

async function fill(root: string, bucket: Bucket): Promise<number> {
  const pictures = { 'a.jpg': await jpeg(1), 'b.jpg': await jpeg(2) };
  const { server, origin } = await start(root, { buckets: [bucket.option] });
  for (const [key, picture] of Object.entries(pictures)) {
    bucket.server.put('photos', key, picture);
    await (await fetch(`${origin}api/cache${imageUrl(await bucket.presign(key))}`)).arrayBuffer();
  }
  await server.close();
  return pictures['a.jpg'].length + pictures['b.jpg'].length;
}

describe('E16: at the start', () => {
  it("one line under Vite's addresses says what is cached, and where the API is; nothing is created", async () => {
    const root = await temporaryDirectory();
    const { printed, origin } = await start(root);
    expect(printed.filter((line) => line.includes('Images'))).toEqual([
      `  ➜  Images:  none cached yet, API at ${origin}api/cache`,
    ]);
    expect(printed.findIndex((line) => line.includes('Images'))).toBeGreaterThan(
      printed.findIndex((line) => line.includes('Local')),
    );
    expect(await readdir(root)).not.toContain('.image-cache');
  });

  it('counts what an earlier start has cached, without opening the cache', async () => {
    const root = await temporaryDirectory();
    const bytes = await fill(root, await startBucket());
    expect(await readTotals(join(root, '.image-cache'))).toEqual({ images: 2, bytes });
    const files = await readdir(join(root, '.image-cache', 'journal'));
    const { printed, origin } = await start(root, {}, { base: '/app/' });
    const size = `${(bytes / 1000).toFixed(0)} kB`;
    expect(printed).toContain(`  ➜  Images:  2 (${size}) in .image-cache, API at ${origin}api/cache`);
    expect(origin).toMatch(/\/app\/$/);
    expect(await readdir(join(root, '.image-cache', 'journal'))).toEqual(files);
  });

  it('prints nothing with a quiet log level, or in middleware mode', async () => {
    const root = await temporaryDirectory();
    for (const logLevel of ['silent', 'warn'] as const) {
      const { printed } = await start(root, { logLevel });
      expect(printed.filter((line) => line.includes('Images'))).toEqual([]);
    }
    const { printed, warned } = await start(root, {}, { server: { middlewareMode: true } });
    expect([...printed, ...warned]).toEqual([]);
  });

  it('prints the line in `vite preview`, too', async () => {
    const root = await temporaryDirectory();
    await mkdir(join(root, 'dist'));
    const { customLogger, printed } = printer();
    const plugins = [imageCache({ buckets: ['photos'] })];
    const server = await preview({ root, configFile: false, customLogger, plugins, preview: { port: 0 } });
    onTestFinished(() => server.close());
    server.printUrls();
    expect(printed.join('\n')).toContain('Images:  none cached yet, API at http://');
  });

  it.each([
    ['a manifest of another program', '{"version":"1.0","entries":{}}'],
    ['an old one', '{"version":"1.0","last_updated":1,"journal":{"generation":1,"offset":0},"entries":{\n}}\n'],
    ['a damaged one', '\0\0\0'],
    ['totals elsewhere', '{"version":"1.0","entries":{"total_entries":5,"total_size_bytes":5,'],
  ])('no totals are read from %s', async (_, text) => {
    const dir = await temporaryDirectory();
    await writeFile(join(dir, 'manifest.json'), text);
    expect(await readTotals(dir)).toBeUndefined();
  });
});

/** Root may write everywhere, so what the system would say to others is said by this. */
const deny =
  (denied: string, code: string): typeof access =>
  async (path, mode) => {
    if (path === denied) throw Object.assign(new Error(code), { code });
    return access(path, mode);
  };

describe('E15: a cache directory that cannot be written', () => {
  it('is reported, with a remedy', async () => {
    const dir = await temporaryDirectory();
    await mkdir(join(dir, 'journal'));
    await expect(ensureWritable(dir)).resolves.toBeUndefined();
    await expect(ensureWritable(dir, deny(dir, 'EACCES'))).rejects.toMatchObject({
      code: 'CACHE_UNWRITABLE',
      message: `The cache directory ${dir} cannot be written (EACCES).`,
      hint: expect.stringContaining(`sudo chown -R "$USER" '${dir}'`),
    });
    await expect(ensureWritable(dir, deny(join(dir, 'journal'), 'EACCES'))).rejects.toMatchObject({
      message: `The cache directory ${join(dir, 'journal')} cannot be written (EACCES).`,
    });
    await expect(ensureWritable(dir, deny(dir, 'EROFS'))).rejects.toMatchObject({
      hint: expect.stringContaining('read-only'),
    });
  });

  it('is not reported if it does not exist', async () => {
    const dir = join(await temporaryDirectory(), 'not-there');
    await expect(ensureWritable(dir)).resolves.toBeUndefined();
  });

  it.skipIf(process.getuid?.() === 0)('is reported at the start, and not changed', async () => {
    const root = await temporaryDirectory();
    const dir = join(root, '.image-cache');
    await mkdir(dir);
    await chmod(dir, 0o500);
    onTestFinished(() => chmod(dir, 0o700));
    const { warned } = await start(root);
    await expect.poll(() => warned).toEqual([expect.stringContaining(`${dir} cannot be written`)]);
    expect(await readdir(dir)).toEqual([]);
  });

  it('is reported at the start if it is a link', async () => {
    const root = await temporaryDirectory();
    await symlink(await temporaryDirectory(), join(root, 'link'));
    const { warned } = await start(root, { cacheDir: 'link' });
    await expect.poll(() => warned.join()).toContain(join(root, 'link'));
    expect(warned).toEqual([expect.stringContaining('symbolic link')]);
  });

  it('ends the start with one sentence and without a stack if it is used for something else', async () => {
    const root = await temporaryDirectory();
    await mkdir(join(root, 'src'));
    await writeFile(join(root, 'src', 'main.ts'), '');
    const error = await start(root, { cacheDir: 'src' }).catch((refusal: unknown) => refusal);
    expect(inspect(error)).toMatch(/^The directory of `cacheDir` .+ Give the cache a directory of its own[^\n]+$/);
  });

  it('`manifest.json` contains the totals', async () => {
    const root = await temporaryDirectory();
    const bytes = await fill(root, await startBucket());
    const text = await readFile(join(root, '.image-cache', 'manifest.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ total_entries: 2, total_size_bytes: bytes });
  });
});

describe('a cache directory that a build publishes or empties', () => {
  it.each([
    ['public/cache', {}, 'inside the public directory'],
    ['static/images/cache', { publicDir: 'static' }, 'inside the public directory'],
    ['dist/.image-cache', {}, 'inside the output directory'],
    ['build/cache', { build: { outDir: 'build' } }, 'inside the output directory'],
  ])('%s is refused at the start', async (cacheDir, config, reason) => {
    const root = await temporaryDirectory();
    await expect(start(root, { cacheDir }, config)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(reason),
    });
    expect(await readdir(root)).toEqual([]);
  });

  it.each([
    ['public-cache', {}],
    ['..image-cache', {}],
    ['public/cache', { publicDir: false as const }],
  ])('%s is not (%j)', async (cacheDir, config) => {
    const { printed } = await start(await temporaryDirectory(), { cacheDir }, config);
    expect(printed.join('\n')).toContain('Images:');
  });
});
