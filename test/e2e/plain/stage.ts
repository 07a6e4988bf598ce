import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { createServer, type Plugin } from 'vite';
import { imageCache } from 'vite-plugin-image-cache';
import { type Bucket, openBucket } from '../../helpers/stack.ts';
import { createGate } from '../fixture/hold.ts';
import type { SignedUrls } from './page/images.tsx';
import { openOtherStore, type OtherStore } from './otherStore.ts';
import { type Picture, type Scene, type Side, toPictures, toSteps } from './page/scene.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const corpus = join(repository, 'test', 'corpus', 'files');
const PACKAGE = 'vite-plugin-image-cache';
/** Red, green and blue. */
const COLOURS = [
  [180, 60, 60],
  [60, 180, 60],
  [60, 60, 180],
  [180, 180, 60],
  [180, 60, 180],
  [60, 180, 180],
];

/** A Vite dev server with the page of the scenes, and the S3 server behind it. */
export interface Stage {
  /** Where the page is. */
  url: string;
  /** Puts a scene's images into S3, under names of their own. */
  furnish(scene: Scene, side: Side): Promise<Props>;
  close(): Promise<void>;
}

/** The objects of a scene, for one of its sides. */
export interface Props extends SignedUrls {
  /** Lets S3 send what it has kept back. */
  release(numbers?: readonly number[]): void;
  /** How often S3 was asked for each image so far. */
  gets(): number[];
  /** Whether S3 is about to send one that it need not keep back. */
  isSending(): boolean;
  /** The numbers of those that S3 keeps back. */
  held(): number[];
}

interface Stores {
  bucket: Bucket;
  other: OtherStore;
}

/**
 * Opens it; with the built package in `node_modules`, which Vite bundles ahead as it does in an app.
 * @param certificate makes the pages come over HTTP/2
 */
export async function openStage(certificate?: { key: string; cert: string }): Promise<Stage> {
  const root = await mkdtemp(join(tmpdir(), 'image-cache-scenes-'));
  const modules = join(root, 'node_modules');
  await cp(fileURLToPath(new URL('page', import.meta.url)), root, { recursive: true });
  await mkdir(modules);
  for (const name of ['react', 'react-dom']) await symlink(join(repository, 'node_modules', name), join(modules, name));
  for (const part of ['package.json', 'dist']) {
    await cp(join(repository, part), join(modules, PACKAGE, part), { recursive: true });
  }
  const [bucket, other] = await Promise.all([openBucket(), openOtherStore()]);
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { port: 0, watch: null, ...(certificate && { https: certificate }) },
    optimizeDeps: { include: ['react', 'react-dom', 'react-dom/client', `${PACKAGE}/react`] },
    plugins: [
      ownFiles(),
      imageCache({
        buckets: [bucket.option, other.option],
        logLevel: 'silent',
        minFreeSpace: 0,
        cacheDir: join(root, '.image-cache'),
      }),
    ],
  });
  await server.listen();
  const url = server.resolvedUrls?.local[0] ?? '';
  // The first request imports the server's half, which no scene is to wait for.
  await server.transformRequest('/main.tsx');
  await visit(`${url}api/cache/stats`);
  let count = 0;
  return {
    url,
    furnish: (scene, side) => furnish({ bucket, other }, scene, `${(count += 1)}-${side}`),
    async close() {
      await server.close();
      await bucket.close();
      other.close();
      await rm(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    },
  };
}

async function visit(url: string): Promise<void> {
  // The certificate is one that we made ourselves, which `fetch` cannot be told.
  const request = url.startsWith('https:') ? https.get(url, { rejectUnauthorized: false }) : http.get(url);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]; // as Node has it
  response.resume();
  await once(response, 'end');
}

/** What an app asks for besides images: data, and a module that is loaded late. */
function ownFiles(): Plugin {
  return {
    name: 'scenes:own-files',
    configureServer({ middlewares }) {
      middlewares.use('/own-data', function ownDataMiddleware(_request, response) {
        response.end('its own');
      });
      middlewares.use('/own-chunk.js', function ownChunkMiddleware(_request, response) {
        response.setHeader('Content-Type', 'text/javascript').end('export default 1;');
      });
    },
  };
}

async function furnish({ bucket, other }: Stores, scene: Scene, folder: string): Promise<Props> {
  const pictures = toPictures(scene);
  const isHeld = toSteps(scene)[0]?.name === 'pending';
  const keys = pictures.map((picture, n) => `${folder}/${n}.${picture.file ?? picture.format ?? 'jpeg'}`);
  const gates = pictures.map(() => createGate());
  const held = new Set(isHeld ? pictures.keys() : []);
  let sending = 0;
  await Promise.all(
    pictures.map(async (picture, n) => {
      const key = keys[n] ?? '';
      if (!isHeld) gates[n]?.open();
      if (picture.answer === 404) return;
      const body = await bodyOf(picture, n);
      const produce = async (): Promise<Uint8Array> => {
        await gates[n]?.opened;
        if (picture.delayMs !== undefined) {
          sending += 1;
          await new Promise((resolve) => setTimeout(resolve, picture.delayMs));
          sending -= 1;
        }
        if (picture.answer === 500) throw new Error('This object cannot be had.');
        return body;
      };
      if (picture.signedBy) other.put(key, contentTypeOf(picture), produce);
      else bucket.server.putLazy('photos', key, { contentType: contentTypeOf(picture), produce });
    }),
  );
  const sign = (secondsAgo: number): Promise<string[]> =>
    Promise.all(
      keys.map(async (key, n) => {
        const { answer, signedBy } = pictures[n] ?? {};
        if (signedBy) return other.sign(key, signedBy, secondsAgo);
        const url = await bucket.presign(key, secondsAgo);
        return answer === 403 ? url.replace(/(X-Amz-Signature=)./, '$1_') : url;
      }),
    );
  return {
    urls: await sign(60),
    newer: await sign(0),
    release(numbers) {
      for (const n of numbers ?? pictures.keys()) {
        gates[n]?.open();
        held.delete(n);
      }
    },
    held: () => [...held],
    isSending: () => sending > 0,
    gets: () => keys.map((key) => bucket.server.stats.byKey.get(`photos/${key}`) ?? other.gets.get(key) ?? 0),
  };
}

const bodies = new Map<string, Promise<Buffer>>();

/**
 * A picture in the colour of its number that becomes lighter to the right and darker to the bottom, so that it is seen which one it
 * is, and how it is turned. Without edges, which browsers smooth differently from one time to the next.
 */
function bodyOf({ file, answer, width = 240, height = 160, format = 'jpeg' }: Picture, n: number): Promise<Buffer> {
  if (answer === 200) return Promise.resolve(Buffer.from('<!doctype html><title>Sign in</title>'));
  if (file !== undefined) return readFile(join(corpus, file));
  const name = `${n % COLOURS.length} ${width}×${height} ${format}`;
  const made = bodies.get(name) ?? paint(COLOURS[n % COLOURS.length] ?? [], width, height, format);
  bodies.set(name, made);
  return made;
}

function paint(colour: readonly number[], width: number, height: number, format: 'jpeg' | 'png' | 'webp') {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (const value of colour) data[at++] = value + (60 * x) / width - (60 * y) / height;
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}

function contentTypeOf({ answer, file, format = 'jpeg' }: Picture): string {
  if (answer === 200) return 'text/html';
  if (file === undefined) return `image/${format}`;
  return file.endsWith('.svg') ? 'image/svg+xml' : 'application/octet-stream';
}
