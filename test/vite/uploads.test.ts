import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InlineConfig, build, createServer, preview } from 'vite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ImageCacheOptions, imageCache } from '../../plugin/index.ts';
import { projectOf } from '../../plugin/project.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, startBucket } from '../helpers/stack.ts';
import { jobId, pictureName, uploadHeaders } from '../helpers/uploads.ts';
import { CANARY, cacheFiles, expectClosed, project } from './viteProject.ts';
import { waysInto } from './waysInto.ts';

const ENTRY = {
  'package.json': '{ "name": "@team/app" }',
  'index.html': '<!doctype html><script type="module" src="/main.js"></script>',
  'main.js': "document.title = typeof __IMAGE_CACHE_PROJECT__ === 'undefined' ? 'none' : __IMAGE_CACHE_PROJECT__;",
};

function configOf(bucket: Bucket, root: string, uploads?: Partial<ImageCacheOptions['uploads']>): InlineConfig {
  const options = { buckets: [bucket.option], ...(uploads && { uploads: { bucket: 'photos', ...uploads } }) };
  return { root, configFile: false, logLevel: 'silent', plugins: [imageCache(options)] };
}

async function start(bucket: Bucket, root: string, uploads?: Partial<ImageCacheOptions['uploads']>) {
  const server = await createServer({
    ...configOf(bucket, root, uploads),
    server: { host: '127.0.0.1', port: 0, watch: null },
  });
  onTestFinished(() => server.close());
  await server.listen();
  const origin = () => `http://127.0.0.1:${new URL(server.resolvedUrls?.local[0] ?? '').port}`;
  return { server, origin, api: () => `${origin()}/api/cache` };
}

const devProject = (root: string) => projectOf({ project: undefined } as never, root, 'dev');

async function put(
  api: string,
  job: string,
  picture: Buffer,
  root: string,
  named: Record<string, string> = {},
): Promise<Response> {
  const headers = uploadHeaders(picture, { 'Image-Cache-Project': devProject(root), ...named });
  return fetch(`${api}/uploads/${job}`, { method: 'PUT', headers, body: new Uint8Array(picture) });
}

describe('the project of a page', () => {
  it('is defined in dev with a digest of the root, and in a build without it', async () => {
    const [bucket, root] = [await startBucket(), await project(ENTRY)];
    const dev = await start(bucket, root, {});
    const name = devProject(root);
    expect(name).toMatch(/^@team\/app-[0-9a-f]{8}$/);
    expect(await (await fetch(`${dev.origin()}/@vite/env`)).text()).toContain(`"__IMAGE_CACHE_PROJECT__": "${name}"`);
    const health = { headers: { 'Image-Cache-Project': name } };
    expect(await (await fetch(`${dev.api()}/uploads/health`, health)).json()).toEqual({ ok: true, project: name });

    await build(configOf(bucket, root, {}));
    const [asset = ''] = await readdir(join(root, 'dist/assets'));
    expect(await readFile(join(root, 'dist/assets', asset), 'utf8')).toMatch(/["'`]@team\/app["'`]/);
    const previewed = await preview({ ...configOf(bucket, root, {}), preview: { host: '127.0.0.1', port: 0 } });
    onTestFinished(() => previewed.close());
    const answer = await fetch(`${previewed.resolvedUrls?.local[0]}api/cache/uploads/health`, {
      headers: { 'Image-Cache-Project': '@team/app' },
    });
    expect(answer.status).toBe(200);
  });

  it('is not defined without the option', async () => {
    const [bucket, root] = [await startBucket(), await project(ENTRY)];
    const { origin } = await start(bucket, root);
    expect(await (await fetch(`${origin()}/@vite/env`)).text()).not.toContain('__IMAGE_CACHE_PROJECT__');
    expect(imageCache({ buckets: ['photos'] }).map(({ name }) => name)).not.toContain('image-cache:uploads');
  });

  it('may be chosen, and is the name of the folder if no package.json has a name', async () => {
    const root = await project({ 'package.json': '{ broken' });
    expect(projectOf({ project: 'mine' } as never, root, 'dev')).toBe('mine');
    expect(projectOf({ project: undefined } as never, join(root, 'my app'), 'build')).toBe('my-app');
  });
});

describe('the outbox in Vite', () => {
  it('T8: is not served', async () => {
    const [bucket, root] = [await startBucket(), await project({ ...ENTRY, ...cacheFiles('.image-outbox') })];
    // As it would be if the cache were there: everything in it has the canary.
    await writeFile(join(root, '.image-outbox/README.md'), `# Outbox of vite-plugin-image-cache ${CANARY}`);
    const { server } = await start(bucket, root, {});
    await expectClosed(
      server,
      waysInto(root).map((way) => way.replaceAll('image-cache', 'image-outbox')),
    );
  });

  it.each(['.', 'public/outbox', 'dist/outbox', 'src'])('cannot be %s', async (outboxDir) => {
    const root = await project({ ...ENTRY, 'src/app.js': '', 'public/a.txt': '' });
    const refused = start(await startBucket(), root, { outboxDir });
    await expect(refused).rejects.toMatchObject({
      code: expect.stringMatching(/^(INVALID_OPTION|CACHE_DIR_UNSAFE)$/),
      message: expect.stringContaining('uploads.outboxDir'),
    });
  });

  it('C20: an upload survives a restart in the middle of it, and is stored once', async () => {
    const [bucket, root] = [await startBucket(), await project(ENTRY)];
    const { server, api } = await start(bucket, root, { wait: 0 });
    bucket.server.faults.offline = true;
    const [picture, job] = [await jpeg(1), jobId()];
    expect((await put(api(), job, picture, root)).status).toBe(202);
    await server.restart();
    bucket.server.faults.offline = false;
    await expect.poll(() => readdir(join(root, '.image-outbox/jobs'))).toEqual([]);
    const name = pictureName(picture);
    expect((await fetch(await bucket.presign(`uploads/${name.slice(0, 2)}/${name}`))).status).toBe(200);
  });

  it('is emptied after a start even if no page sends a request', async () => {
    const [bucket, root] = [await startBucket(), await project(ENTRY)];
    bucket.server.faults.offline = true;
    const first = await start(bucket, root, { wait: 0 });
    await put(first.api(), jobId(), await jpeg(2), root);
    await first.server.close();
    bucket.server.faults.offline = false;
    await start(bucket, root, {});
    await expect.poll(() => readdir(join(root, '.image-outbox/jobs'))).toEqual([]);
    expect(await readdir(join(root, '.image-outbox/done'))).toHaveLength(1);
  });
});

it('pages in dev are told about the progress of an upload, without its name', async () => {
  const [bucket, root] = [await startBucket(), await project(ENTRY)];
  const { server, api } = await start(bucket, root, {});
  const told: unknown[] = [];
  const send = server.ws.send.bind(server.ws);
  server.ws.send = (...args: unknown[]) => {
    if (JSON.stringify(args[0]).includes('image-cache:upload')) told.push(args[0]);
    Reflect.apply(send, server.ws, args);
  };
  const job = jobId();
  const answer = await put(api(), job, await jpeg(3), root, { 'Image-Cache-Filename': 'holiday.jpg' });
  expect(await answer.json()).toMatchObject({ filename: 'holiday.jpg' });
  await expect
    .poll(() => told.at(-1))
    .toMatchObject({
      event: 'image-cache:upload',
      data: { type: 'upload', job: { job_id: job, state: 'stored' } },
    });
  expect(JSON.stringify(told)).not.toContain('holiday');
});
