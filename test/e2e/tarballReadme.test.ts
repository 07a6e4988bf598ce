import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { run, start } from '../helpers/child.ts';
import { jpeg } from '../helpers/images.ts';
import { startBucket } from '../helpers/stack.ts';
import { pasteReadme } from './readmeApp.ts';
import { NODES, strangersEnv } from './tarball.ts';
import { freshViteApp, shownPicture } from './viteApp.ts';

const [{ node }] = NODES;

vi.setConfig({ testTimeout: 60_000 });

const app = freshViteApp(pasteReadme);

it('the lines of the README type-check when they are pasted into the template', async () => {
  expect(await readFile(join(app.path, 'src', 'App.tsx'), 'utf8')).toContain('<CachedImage s3_url={photo.url}');
  const compiler = join(app.path, 'node_modules', 'typescript', 'bin', 'tsc');
  const { stdout } = await run(node, [compiler, '-b', '--force'], { cwd: app.path, env: strangersEnv() }).catch(
    (error: { stdout: string }) => error, // as for a program with mistakes
  );
  expect(stdout).toBe('');
});

it('they show the picture, first from S3, and from the cache after a reload', async () => {
  const { server, vite } = await startVite();
  const { page, complaints } = await app.open(vite.ready);
  expect(new URL(await shownPicture(page)).pathname).toBe('/api/cache/image');
  expect(server.stats.gets).toBe(1);

  server.faults.offline = true;
  const answer = page.waitForResponse((response) => response.url().includes('/api/cache/image'));
  await page.reload();
  expect(await (await answer).headerValue('X-Cache')).toBe('HIT');
  await shownPicture(page);
  expect(server.stats.gets).toBe(1);
  expect(complaints).toEqual([]);
  expect(vite.output()).not.toMatch(/error|warn/i);
});

it('this also works below a `base` of Vite, where the production server has another URL', async () => {
  const { vite } = await startVite('--base', '/shop/');
  const { page } = await app.open(vite.ready); // complains of the template's own icons, which are not found there
  expect(new URL(await shownPicture(page)).pathname).toBe('/shop/api/cache/image');
});

/** Has a bucket of one picture, and the files of a user with an AWS profile; the endpoint stands in for that of AWS. */
async function startVite(...options: string[]) {
  const { server } = await startBucket();
  server.put('team-photos', 'portrait.jpg', await jpeg(1, { width: 120, height: 80 }));
  const { accessKeyId, secretAccessKey } = server.credentials;
  const env = strangersEnv(node, {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: server.endpoint,
  });
  const args = ['node_modules/vite/bin/vite.js', '--port', '0', ...options];
  return { server, vite: await start(node, args, 'Local: ', { cwd: app.path, env }) };
}
