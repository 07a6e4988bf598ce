import { rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { start } from '../helpers/child.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, imageUrl, startBucket } from '../helpers/stack.ts';
import { NODES, npm, strangersEnv, typeCheck } from './tarball.ts';
import { freshViteApp, shownPicture } from './viteApp.ts';

const VITE_CONFIG = `import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { imageCache } from 'vite-plugin-image-cache'

const { S3_ENDPOINT: endpoint = '', S3_KEY: accessKeyId = '', S3_SECRET: secretAccessKey = '' } = process.env

export default defineConfig({
  plugins: [react(), imageCache({ buckets: [{ name: 'photos', endpoint, credentials: { accessKeyId, secretAccessKey } }] })],
})
`;

const APP = `import { CachedImage } from 'vite-plugin-image-cache/react'

export default function App() {
  return <CachedImage s3_url={import.meta.env.VITE_PHOTO_URL} alt="Training image" loading="lazy" />
}
`;

vi.setConfig({ testTimeout: 60_000 });

const app = freshViteApp(async (path) => {
  await writeFile(join(path, 'vite.config.ts'), VITE_CONFIG);
  await writeFile(join(path, 'src', 'App.tsx'), APP);
});

async function startBucketWithPhoto() {
  const bucket = await startBucket();
  const photo = await jpeg(1, { width: 120, height: 80 });
  bucket.server.put('photos', '0001/portrait.jpg', photo);
  return { bucket, photo, url: await bucket.presign('0001/portrait.jpg') };
}

function appEnv(node: string, { option }: Bucket, url: string) {
  const { accessKeyId, secretAccessKey } = option.credentials;
  return strangersEnv(node, {
    S3_ENDPOINT: option.endpoint,
    S3_KEY: accessKeyId,
    S3_SECRET: secretAccessKey,
    VITE_PHOTO_URL: url,
  });
}

async function serveStatically(directory: string): Promise<string> {
  const server = express().use(express.static(directory)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
}

describe('the tarball in a fresh `npm create vite -- --template react-ts`', () => {
  it.each(NODES)(
    '`npm run dev` on $name serves a picture from the cache, MISS then HIT, and Chromium shows it',
    async ({ node }) => {
      for (const cache of ['.image-cache', 'node_modules/.vite'])
        await rm(join(app.path, cache), { recursive: true, force: true });
      const { bucket, photo, url } = await startBucketWithPhoto();
      // The program that `npm run dev` runs, without npm and a shell in between: its pid is the server's.
      const vite = await start(node, ['node_modules/vite/bin/vite.js', '--port', '0'], 'Local: ', {
        cwd: app.path,
        env: appEnv(node, bucket, url),
      });
      const origin = vite.ready.replace(/\/$/, '');

      const miss = await fetch(`${origin}/api/cache${imageUrl(url)}`);
      expect([miss.status, miss.headers.get('x-cache')]).toEqual([200, 'MISS']);
      expect(Buffer.from(await miss.arrayBuffer()).equals(photo)).toBe(true);
      const hit = await fetch(`${origin}/api/cache${imageUrl(await bucket.presign('0001/portrait.jpg', 5))}`);
      expect([hit.status, hit.headers.get('x-cache')]).toEqual([200, 'HIT']);

      bucket.server.faults.offline = true; // what is seen now comes from the cache
      const { page, complaints } = await app.open(origin);
      expect(new URL(await shownPicture(page)).pathname).toBe('/api/cache/image');
      expect(complaints).toEqual([]);
      expect(vite.output()).not.toMatch(/error|warn/i);
    },
  );

  it.each(NODES)(
    '`npm run build` on $name accepts the types, and the built page sends requests to S3 only',
    async ({ node }) => {
      const { bucket, url } = await startBucketWithPhoto();
      await rm(join(app.path, 'dist'), { recursive: true, force: true });
      await npm(['run', 'build'], app.path, appEnv(node, bucket, url));

      const { page, requests, complaints } = await app.open(await serveStatically(join(app.path, 'dist')));
      expect(await shownPicture(page)).toBe(url);
      expect(requests.filter((request) => request.includes('/api/cache'))).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );

  it.each(['tsconfig.app.json', 'tsconfig.node.json'])(
    'the declarations themselves type-check under %s',
    async (project) => {
      const { complaints, declarations } = await typeCheck(app.path, ['-p', project, '--skipLibCheck', 'false']);
      expect(declarations).not.toEqual([]);
      // What other packages declare is not ours to test.
      expect(complaints.filter((complaint) => complaint.includes('vite-plugin-image-cache'))).toEqual([]);
    },
  );
});
