import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createServer } from 'vite';
import { imageCache } from '../../plugin/index.ts';
import { markAsCache, temporaryDirectory } from '../helpers/directory.ts';

it('T8: Vite serves neither the cache nor a fallback directory, and keeps its own list', async () => {
  const root = await temporaryDirectory();
  for (const dir of ['.image-cache', 'shared/pictures']) {
    await markAsCache(join(root, dir));
    await writeFile(join(root, dir, 'manifest.json'), '"CANARY"');
  }
  await writeFile(join(root, '.env'), 'A=CANARY');
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [imageCache({ buckets: ['photos'], fallbackDirs: ['shared/pictures'] })],
    server: { port: 0, host: '127.0.0.1', watch: null },
  });
  onTestFinished(() => server.close());
  await server.listen();
  const [base = ''] = server.resolvedUrls?.local ?? [];
  for (const path of ['.image-cache/manifest.json', 'shared/pictures/manifest.json', '.env']) {
    for (const url of [path, `${path}?import&raw`, `@fs${root}/${path}`]) {
      const answer = await fetch(base + url);
      expect(answer.status, url).toBe(403);
      expect(await answer.text()).not.toContain('CANARY');
    }
  }
});
