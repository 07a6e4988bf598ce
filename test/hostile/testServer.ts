import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { InlineConfig } from 'vite';
import { expect } from 'vitest';
import type { ImageCacheOptions } from '../../plugin/index.ts';
import type { Manifest, ManifestEntry, PrefetchAnswer, PrefetchResult } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import type { RawAnswer } from '../helpers/rawHttp.ts';
import { type RawUpstream, startRawUpstream } from '../helpers/rawUpstream.ts';
import { type Bucket, imageUrl, openBucket } from '../helpers/stack.ts';
import { createClient } from './client.ts';
import type { Mode } from './modes.ts';

/** What every file begins with that no answer and no log may ever hold; as it is, or in a `data:` URL. */
const CANARY = 'CANARY-FILE';
const ENCODED_CANARY = Buffer.from(CANARY).toString('base64').slice(0, 12);
/** What grants access to an object, and is not crossed out. */
const SIGNATURE = /CANARY\d|X-Amz-(?:Signature|Credential|Security-Token)=(?!\[redacted\])/i;

/** A real server in one mode, over a real directory and two real origins, with one image cached for actor 0001. */
export interface TestServer {
  mode: Mode;
  root: string;
  cacheDir: string;
  port: number;
  bucket: Bucket;
  /** The origin of the bucket `raw`, which answers with whatever bytes `reply` says. */
  upstream: RawUpstream & { reply: Buffer };
  picture: { url: string; bytes: Buffer; entry: ManifestEntry };
  log: string[];
  /** Asks the API; the target is what comes after the base URL. */
  send(method: string, target: string, headers?: Record<string, string>, body?: string | Buffer): Promise<RawAnswer>;
  /** Asks the server itself. */
  ask(method: string, target: string, headers?: Record<string, string>): Promise<RawAnswer>;
  json(target: string, body: unknown): Promise<RawAnswer>;
  socket(bytes: string): Promise<string>;
  prefetch(s3_url: string, filename?: string): Promise<PrefetchResult>;
  manifest(): Promise<Manifest>;
  /** @throws AssertionError if anything was lost, left behind or let out */
  expectUnharmed(): Promise<void>;
  close(): Promise<void>;
}

export interface TestServerOptions {
  options?: Partial<ImageCacheOptions>;
  config?: InlineConfig;
}

export async function startTestServer(mode: Mode, options: TestServerOptions = {}): Promise<TestServer> {
  const cleanUps: (() => unknown)[] = [];
  const close = async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  };
  try {
    return { ...(await setUp(mode, options, cleanUps)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @param cleanUps what is to be undone in the end, in the order in which it was done */
async function setUp(
  mode: Mode,
  { options = {}, config = {} }: TestServerOptions,
  cleanUps: (() => unknown)[],
): Promise<Omit<TestServer, 'close'>> {
  const home = await mkdtemp(join(tmpdir(), 'image-cache-hostile-'));
  cleanUps.push(() => rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }));
  const root = join(home, 'project');
  const cacheDir = join(root, '.image-cache');
  await writeProject(root);

  const bucket = await openBucket();
  cleanUps.push(() => bucket.close());
  let reply: Buffer = Buffer.alloc(0);
  const raw = await startRawUpstream(({ socket }) => socket.end(reply));
  cleanUps.push(() => raw.close());

  const log: string[] = [];
  const leaks: string[] = [];
  const print = (line: unknown) => void log.push(String(line));
  const { info, warn } = console;
  Object.assign(console, { info: print, warn: print });
  cleanUps.push(() => Object.assign(console, { info, warn }));

  const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'not-a-secret' };
  const started = await mode.start({
    root,
    log: print,
    config,
    options: {
      buckets: [
        bucket.option,
        { name: 'raw', endpoint: raw.origin, credentials },
        { name: 'team-photos', region: 'us-east-1', credentials },
      ],
      logLevel: 'debug',
      minFreeSpace: 0,
      ...options,
    },
  });
  cleanUps.push(() => started.close());
  const client = createClient(mode.scheme, started.port);
  cleanUps.push(() => client.close());
  const before = await filesOutside(home, cacheDir);

  function watch(what: string, text: string): void {
    // `/lookup` answers by the URLs as they were asked, to the very page that sent them.
    const holdsFile = text.includes(CANARY) || text.includes(ENCODED_CANARY);
    if (holdsFile || (!what.includes('/lookup') && SIGNATURE.test(text))) leaks.push(`${what}: ${text}`);
  }
  async function ask(method: string, target: string, headers?: Record<string, string>, body?: string | Buffer) {
    const answer = await client.send(method, target, body, headers);
    watch(`${method} ${target.slice(0, 200)}`, JSON.stringify(answer.headers) + answer.text);
    return answer;
  }
  const send: TestServer['send'] = (method, target, headers, body) => ask(method, mode.baseUrl + target, headers, body);
  const json: TestServer['json'] = (target, body) =>
    send(
      'POST',
      target,
      { 'content-type': 'application/json' },
      typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    );
  const manifest = async () => jsonOf(await send('GET', '/manifest')) as Manifest;

  const bytes = await jpeg(1);
  bucket.server.put('photos', '0001/a.jpg', bytes);
  const url = await bucket.presign('0001/a.jpg');
  expect((await send('GET', `${imageUrl(url)}&actor_id=0001`)).status).toBe(200);
  const [entry] = Object.values((await manifest()).entries);
  if (entry === undefined) throw new Error('nothing was cached');

  return {
    mode,
    root,
    cacheDir,
    port: started.port,
    bucket,
    upstream: {
      ...raw,
      get connections() {
        return raw.connections;
      },
      get reply() {
        return reply;
      },
      set reply(bytes: Buffer) {
        reply = bytes;
      },
    },
    picture: { url, bytes, entry },
    log,
    send,
    ask,
    json,
    manifest,
    async socket(text) {
      const answer = await client.socket(text);
      watch(text.slice(0, 200), answer);
      return answer;
    },
    async prefetch(s3_url, filename = 'a') {
      const answer = await json('/prefetch', { actor_id: '0001', images: [{ s3_url, filename }] });
      expect(answer.status, answer.text).toBe(200);
      const [result] = (jsonOf(answer) as PrefetchAnswer).results;
      if (result === undefined || 'same_as' in result) throw new Error('no result');
      return result;
    },
    async expectUnharmed() {
      const answer = await send('GET', imageUrl(url));
      expect([answer.status, answer.headers['x-cache']]).toEqual([200, 'HIT']);
      expect(Buffer.from(answer.text, 'latin1').equals(bytes)).toBe(true);
      expect(leaks.splice(0)).toEqual([]);
      for (const record of log) {
        expect(record).not.toMatch(SIGNATURE);
        expect(record).not.toContain(CANARY);
        // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
        if (record.startsWith('[image-cache]')) expect(record).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      }
      expect(await filesOutside(home, cacheDir)).toEqual(before);
      expect(await signaturesIn(cacheDir)).toEqual([]);
    },
  };
}

/** The body of an answer. */
export function jsonOf({ text }: RawAnswer): unknown {
  return JSON.parse(Buffer.from(text, 'latin1').toString());
}

/** Writes a project with an app, a build of it, and files that must never be served. */
async function writeProject(root: string): Promise<void> {
  const files = {
    'index.html': '<!doctype html><script type="module" src="/main.js"></script>',
    'main.js': 'document.title = "app";',
    'dist/index.html': '<!doctype html><title>app</title>',
    '.env': `${CANARY}=1`,
    '.git/config': `${CANARY}\n[core]`,
    'certificate.pem': CANARY,
    '.image-cache-evil/x.png': CANARY,
    'canary.png': CANARY,
    '../canary.png': CANARY,
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
}

/** What lies outside the cache directory, by name and content. */
async function filesOutside(home: string, cacheDir: string): Promise<string[]> {
  const files = (await allFiles(home)).filter((file) => !file.startsWith(`${cacheDir}/`));
  const digests = await Promise.all(files.map(async (file) => createHash('sha1').update(await readFile(file))));
  return files.map((file, index) => `${relative(home, file)} ${digests[index]?.digest('hex')}`).toSorted();
}

async function signaturesIn(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const file of await allFiles(directory)) {
    // A file may go while the directory is read: logs are retired, temporary files renamed.
    const text = await readFile(file, 'latin1').catch(() => '');
    if (SIGNATURE.test(text)) found.push(file);
  }
  return found;
}

/** Files of a directory that others write to: one that goes while it is read is left out. */
async function allFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const files = await Promise.all(
    entries.map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return allFiles(path);
      return entry.isFile() ? [path] : [];
    }),
  );
  return files.flat();
}
