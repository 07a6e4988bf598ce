import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type Plugin, preview } from 'vite';
import { imageCache } from 'vite-plugin-image-cache';
import { type Bucket, openBucket } from '../../helpers/stack.ts';
import { createGate } from '../fixture/hold.ts';
import { buildPage } from './buildPage.ts';
import type { Pictures } from './page/images.tsx';
import { openOtherStore, type OtherStore } from './otherStore.ts';
import { type Picture, type Scene, type Side, toPictures, toSteps } from './page/scene.ts';

const corpus = fileURLToPath(new URL('../../corpus/files', import.meta.url));
/** Red, green and blue. */
const COLOURS = [
  [180, 60, 60],
  [60, 180, 60],
  [60, 60, 180],
  [180, 180, 60],
  [180, 60, 180],
  [60, 180, 180],
];

/** A server of the built page of the scenes, with the cache, and the S3 server behind it. */
export interface Stage {
  /** Where the page is. */
  url: string;
  /** Puts a scene's images into S3, under names of their own. */
  setUp(scene: Scene, side: Side): Promise<Props>;
  close(): Promise<void>;
}

/** The objects of a scene, for one of its sides. */
export interface Props extends Pictures {
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

export interface StageOptions {
  /** Where the built page is. @default one that is built for this stage */
  page?: string;
  /** Of the page that is built for this stage. @default 'development' */
  react?: 'development' | 'production';
  /** Makes the pages come over HTTP/2. */
  certificate?: { key: string; cert: string };
}

/** Opens a stage, with an empty cache. */
export async function openStage({ page, react = 'development', certificate }: StageOptions = {}): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), 'image-cache-scenes-'));
  const outDir = page ?? join(directory, 'page');
  if (page === undefined) await buildPage(outDir, react);
  const [bucket, other] = await Promise.all([openBucket(), openOtherStore()]);
  const server = await preview({
    root: directory,
    configFile: false,
    logLevel: 'silent',
    build: { outDir },
    preview: { port: 0, ...(certificate && { https: certificate }) },
    plugins: [
      ownFiles(),
      imageCache({
        buckets: [bucket.option, other.option],
        logLevel: 'silent',
        minFreeSpace: 0,
        cacheDir: join(directory, '.image-cache'),
      }),
    ],
  });
  const url = server.resolvedUrls?.local[0] ?? '';
  // The first request imports the server's half, which no scene is to wait for.
  await visit(`${url}api/cache/stats`);
  return {
    url,
    setUp: (scene, side) => setUp({ bucket, other }, scene, `${randomUUID()}-${side}`),
    async close() {
      await server.close();
      await bucket.close();
      other.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
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
    configurePreviewServer({ middlewares }) {
      middlewares.use('/own-data', function ownDataMiddleware(_request, response) {
        response.end('its own');
      });
      middlewares.use('/own-chunk.js', function ownChunkMiddleware(_request, response) {
        response.setHeader('Content-Type', 'text/javascript').end('export default 1;');
      });
    },
  };
}

async function setUp({ bucket, other }: Stores, scene: Scene, folder: string): Promise<Props> {
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
    drawing: draw(folder),
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

function draw(title: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="50" height="40"><title>${title}</title><rect width="50" height="40" fill="red"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
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
