import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { run } from '../helpers/child.ts';
import { root } from './tarball.ts';

let site: string;

// Pages without scripts: without a search, which is a script, and in a quarter of the time of `npm run docs:build`.
beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'image-cache-site-'));
  await run(join(root, 'node_modules/.bin/vitepress'), ['build', 'test/e2e/docsSite', '--mpa', '--outDir', site], {
    cwd: root,
  });
  return () => rm(site, { recursive: true, force: true });
});

const page = (name: string) => readFile(join(site, name), 'utf8');

it('the README is the front page, with its picture, and leads to the others', async () => {
  const front = await page('index.html');
  expect(front).toMatch(/<h1[^>]*>vite-plugin-image-cache/);
  expect(front).toMatch(/<img src="\/assets\/demo\.[\w-]+\.jpg" alt="The demo loads/);
  expect(front).toContain('href="./docs/http.html#images-of-the-right-size"');
});

it('what stands between angle brackets or double braces is shown as it is written', async () => {
  expect(await page('index.html')).toContain('https://&lt;account&gt;.r2.cloudflarestorage.com');
  const react = await page('docs/react.html');
  expect(react).toContain('&lt;CachedImage&gt;');
  expect(react).not.toContain('<CachedImage');
});

it('the API page has a heading for each export', async () => {
  expect(await page('docs/api.html')).toMatch(/<h3 id="usecachedimage"/);
});
