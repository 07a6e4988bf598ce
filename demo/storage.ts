/**
 * The child process of the demo: an S3 server on loopback with a bucket of photographs, which are painted when they are requested,
 * and in the background. It is a process of its own, so that painting does not slow down the dev server.
 */
import { fileURLToPath } from 'node:url';
import { ACTOR_IDS, photosOf } from './photos/photo.ts';
import { createStudio } from './photos/studio.ts';
import { createS3Server, type S3Server } from './s3/index.ts';
import { keyOf, STORAGE_BUCKET, STORAGE_CREDENTIALS, STORAGE_PORT } from './settings.ts';

/** The messages to the parent process. */
export type StorageMessage = { type: 'ready'; endpoint: string } | { type: 'painted'; done: number; total: number };

/** The time that a picture takes, as from a bucket on another continent. */
const LATENCY_MS = Number(process.env['DEMO_LATENCY_MS'] ?? 1_500);
const PHOTO_CACHE = fileURLToPath(new URL('../node_modules/.cache/vite-plugin-image-cache-demo', import.meta.url));

const studio = await createStudio({ directory: PHOTO_CACHE });
const storage = await listenSomewhere();
const photos = ACTOR_IDS.flatMap((id) => photosOf(id));
for (const photo of photos) {
  storage.putLazy(STORAGE_BUCKET, keyOf(photo), { contentType: 'image/jpeg', produce: () => studio.photo(photo) });
}

// Ctrl-C is sent to the whole process group, but the parent decides when this process ends, by disconnecting from it.
process.on('SIGINT', () => {});
process.on('disconnect', async () => {
  await Promise.allSettled([storage.close(), studio.close()]);
  process.exit(0);
});

tell({ type: 'ready', endpoint: storage.endpoint });
await paintAhead();

/** Paints all pictures, the covers first, because the page begins with them. */
async function paintAhead(): Promise<void> {
  const inOrder = photos.toSorted((a, b) => Number(a.index > 0) - Number(b.index > 0));
  const report = (done: number) => {
    if (done % 20 === 0 || done === photos.length) tell({ type: 'painted', done, total: photos.length });
  };
  report(0);
  // If the demo ends in the middle of a picture, this fails, and need not be reported.
  await studio.prepare(inOrder, report).catch(() => {});
}

/** Listens on the usual port, or on any free one if another demo uses it. */
async function listenSomewhere(): Promise<S3Server> {
  const options = {
    credentials: STORAGE_CREDENTIALS,
    buckets: [STORAGE_BUCKET],
    faults: { latencyMs: LATENCY_MS },
  };
  const port = Number(process.env['DEMO_S3_PORT'] ?? STORAGE_PORT);
  return await createS3Server({ ...options, port }).catch(() => createS3Server({ ...options, port: 0 }));
}

function tell(message: StorageMessage): void {
  process.send?.(message);
}
