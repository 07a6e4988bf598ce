import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Plugin, ViteDevServer } from 'vite';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ActorDetail, ActorSummary, Picture } from './api.ts';
import { listUploads } from './bucketListing.ts';
import { answerNetwork, sendJson } from './network.ts';
import { ACTOR_IDS, photosOf, type Photo } from './photos/photo.ts';
import { SERIES, type Series } from './photos/series.ts';
import { keyOf, type Storage } from './settings.ts';
import { createSigner, type Sign } from './signer.ts';
import { createS3Client } from './upload.ts';

/** A backend as your app may have it: it lists the actors, and signs URLs for their pictures. It also shows what uploads have left in the bucket. */
export function demoBackend(storage: Storage): Plugin {
  function mount({ middlewares }: Pick<ViteDevServer, 'middlewares'>): void {
    const sign = createSigner(storage);
    const client = createS3Client(storage);
    middlewares.use('/demo', async function demoBackendMiddleware(request, response, next) {
      try {
        if (!(await route(request, response, storage, sign, client))) next();
      } catch (error) {
        next(error);
      }
    });
  }
  return { name: 'demo-backend', apply: 'serve', configureServer: mount, configurePreviewServer: mount };
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  storage: Storage,
  sign: Sign,
  client: S3Client,
): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/network') {
    await answerNetwork(request, response, storage.controlUrl);
    return true;
  }
  if (url.pathname === '/bucket') {
    const listing = await listUploads(client, storage.bucket).catch(() => undefined);
    sendJson(response, listing ? 200 : 502, listing ?? { detail: 'The bucket does not answer' });
    return true;
  }
  if (url.pathname === '/actors') {
    const withImages = url.searchParams.get('images') === '1';
    sendJson(response, 200, await Promise.all(SERIES.map((series, index) => summary(series, index, withImages, sign))));
    return true;
  }
  const id = /^\/actors\/(\d{4})$/.exec(url.pathname)?.[1];
  if (id === undefined) return false;
  const found = await detail(id, sign);
  if (found === undefined) sendJson(response, 404, { detail: `There is no actor ${id}` });
  else sendJson(response, 200, found);
  return true;
}

async function summary(series: Series, index: number, withImages: boolean, sign: Sign): Promise<ActorSummary> {
  const id = ACTOR_IDS[index] ?? '';
  const photos = photosOf(id);
  const images = await Promise.all((withImages ? photos : photos.slice(0, 1)).map((photo) => picture(photo, sign)));
  const [cover] = images;
  if (cover === undefined) throw new Error(`Actor ${id} has no pictures`);
  const { name, subject } = series;
  return { id, name, subject, cover, count: photos.length, ...(withImages && { images }) };
}

async function detail(id: string, sign: Sign): Promise<ActorDetail | undefined> {
  const series = SERIES[ACTOR_IDS.indexOf(id)];
  if (series === undefined) return undefined;
  const images = await Promise.all(photosOf(id).map((photo) => picture(photo, sign)));
  return { id, name: series.name, subject: series.subject, images };
}

async function picture(photo: Photo, sign: Sign): Promise<Picture> {
  const { filename, width, height } = photo;
  return { s3_url: await sign(keyOf(photo)), filename, width, height };
}
