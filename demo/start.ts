/**
 * `npm run demo`: an S3 server with a private bucket of photographs, and a Vite app on it.
 * With `S3_ENDPOINT` and `S3_BUCKET` the bucket is yours.
 *
 *     node demo/start.ts [--pwa] [--no-open] [--port 5173]
 *
 * With `--pwa` (`npm run demo:pwa`), the app is a production build with a service worker.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, styleText } from 'node:util';
import type { Painted } from './api.ts';
import { createStudio } from './photos/studio.ts';
import { readStorage, usesOtherServer } from './settings.ts';
import { type Site, startBuild, startDev } from './site.ts';
import type { StorageMessage } from './storage.ts';
import { uploadMissing } from './upload.ts';

const { values: flags } = parseArgs({
  options: {
    pwa: { type: 'boolean', default: false },
    'no-open': { type: 'boolean', default: false },
    port: { type: 'string', default: '5173' },
  },
});
const isInteractive = process.stdout.isTTY && process.env['CI'] === undefined;

/** What the banner suggests. */
const TRY_WITHOUT_S3 = `\
  Open an actor, then reload: every URL has a new signature, and every picture comes from disk.
  Then switch S3 off, on the page, and reload once more.`;
const TRY_WITHOUT_NETWORK = `\
  Open an actor, and reload. Then end all of this with Ctrl-C, switch the network off, and reload once more:
  the page and its pictures are still there.`;

let site: Site | undefined;
let child: ChildProcess | undefined;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0));

if (!usesOtherServer()) child = await startStorage();
const start = flags.pwa ? startBuild : startDev;
site = await start({ port: Number(flags.port), open: isInteractive && !flags['no-open'] });
printBanner(site.url);
if (child === undefined) await fillBucket();

/** Forks the S3 server and waits until it answers. Its address is put into the environment, for `vite.config.ts`. */
function startStorage(): Promise<ChildProcess> {
  const storage = fork(fileURLToPath(new URL('storage.ts', import.meta.url)));
  return new Promise((resolve, reject) => {
    storage.on('message', (message: StorageMessage) => {
      if (message.type === 'painted') {
        showProgress('Painting the photographs', message);
        return;
      }
      process.env['DEMO_S3_ENDPOINT'] = message.endpoint;
      resolve(storage);
    });
    storage.on('exit', (code) => {
      if (stopping) return;
      reject(new Error(`The S3 server stopped (exit code ${code ?? 'none'})`));
      void stop(1);
    });
  });
}

/** Uploads the photographs that are missing in the user's own bucket, while the page can already be used. */
async function fillBucket(): Promise<void> {
  const directory = fileURLToPath(new URL('../node_modules/.cache/vite-plugin-image-cache-demo', import.meta.url));
  const studio = await createStudio({ directory });
  try {
    await uploadMissing(readStorage(), studio, (done, total) =>
      showProgress('Uploading the photographs', { done, total }),
    );
  } catch (error) {
    if (!stopping) console.error(`  The bucket could not be filled: ${explain(error)}`);
  } finally {
    await studio.close();
  }
}

/** Explains an error by its S3 code, because some servers leave the message empty. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { bucket } = readStorage();
  if (error.name === 'NoSuchBucket') return `there is no bucket ${bucket}. Create it first: aws s3 mb s3://${bucket}`;
  return `${error.name}: ${error.message}`;
}

function printBanner(url: string): void {
  const { endpoint, bucket } = readStorage();
  const strong = (text: string) => styleText('bold', text);
  const quiet = (text: string) => styleText('dim', text);
  const api = `${url}api/cache`;
  console.log(`
  ${strong('vite-plugin-image-cache')}  ${quiet('40 actors × 25 photographs in a private bucket')}

  ${strong('Open')}      ${styleText('cyan', url)}
  ${strong('Storage')}   ${endpoint ?? 'AWS'}/${bucket}
  ${strong('Inspect')}   ${styleText('cyan', `${url}__image-cache/`)}

${flags.pwa ? TRY_WITHOUT_NETWORK : TRY_WITHOUT_S3}

  ${quiet('What is cached')}    curl ${api}/stats
  ${quiet('Forget an actor')}   curl -X POST ${api}/clear/0001
  ${quiet('Forget it all')}     curl -X POST ${api}/clear-all

  ${quiet('Ctrl-C to stop.')}
`);
}

/** Tells open pages, and prints one line that is updated in a terminal; in a log, only the last line. */
function showProgress(what: string, { done, total }: Painted): void {
  site?.showPainted({ done, total });
  const line = `  ${what}: ${done} of ${total}`;
  if (isInteractive) process.stdout.write(`\r${line}${done === total ? '\n' : ''}`);
  else if (done === total) console.log(line);
}

/** Ends everything in order; a second Ctrl-C, or three seconds, end it at once. */
async function stop(code: number): Promise<void> {
  if (stopping) process.exit(code);
  stopping = true;
  setTimeout(() => process.exit(code), 3_000).unref();
  const gone = child === undefined ? undefined : new Promise((resolve) => child?.once('exit', resolve));
  if (child?.connected === true) child.disconnect();
  await Promise.allSettled([site?.close(), child?.exitCode === null ? gone : undefined]);
  process.exit(code);
}
