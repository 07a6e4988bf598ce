import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type IncomingMessage, get } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ManifestEntry } from '../../plugin/protocol.ts';
import type { NginxOptions } from '../../plugin/express.ts';
import { type Bench, newCacheDir, newDirectory } from './bench.ts';
import { lookup, prefetch } from './ourApi.ts';
import { type PhotoSize, SIZES } from './photos.ts';
import { findProgram } from './processes.ts';
import type { RawAnswer } from './servers/raw.ts';
import type { Upstream } from './upstream.ts';
import type { Question } from './wrk.ts';

export type HitName =
  | 'raw node:http'
  | 'ours, memory'
  | 'ours, memory, as CachedImage asks'
  | 'ours, disk'
  | 'nginx'
  | 'nginx, tuned'
  | 'sirv'
  | 'express.static'
  | 'ours in Vite dev'
  | "Vite's public/"
  | 'next/image, warm';

/** A server of the same photographs. */
export interface HitContender {
  name: HitName;
  ask(size: PhotoSize): Question;
  /** The same for who has it already; only for those whose 304s are compared. */
  askAgain?: (size: PhotoSize) => Question;
}

/** As nginx.org ships it, and with what a guide to its performance turns on. */
const NGINX = [
  ['nginx', ''],
  ['nginx, tuned', 'tcp_nopush on; open_file_cache max=1000;'],
] as const;

/** The photographs that every contender serves, in a bucket and in a directory. */
export const HIT_OBJECTS = SIZES.map((size) => ({ prefix: `${Number.parseInt(size)}/`, count: 1, size }));
const keyOf = (size: PhotoSize) => `${Number.parseInt(size)}/0.jpg`;
const fileOf = (size: PhotoSize) => `${Number.parseInt(size)}.jpg`;

/** Starts all of them; who is not installed is named in `skipped`. */
export async function startHitServers(
  bench: Bench,
  upstream: Upstream,
): Promise<{ contenders: HitContender[]; skipped: string[] }> {
  const { processes } = bench;
  const { root, dir } = await writeHitFiles(bench, upstream);
  const files = (origin: string) => (size: PhotoSize) => ({ url: `${origin}/${fileOf(size)}` });
  const memory = await startOurs(bench, upstream, await newCacheDir(bench));
  const disk = await startOurs(bench, upstream, await newCacheDir(bench), { memory: false });
  const raw = await processes.start('raw', await rawAnswers(dir, memory));
  const sirv = await processes.start('sirv', { dir });
  const express = await processes.start('express', { dir });
  const vite = await processes.start('vite', { root, images: { buckets: [upstream.bucket] } });
  const inVite = await fill(`${vite.origin}/api/cache`, upstream);
  const isAgain = (size: PhotoSize) => ({ 'If-None-Match': memory.etag(size) });

  const contenders: HitContender[] = [
    {
      name: 'raw node:http',
      ask: files(raw.origin),
      askAgain: (size) => ({ ...files(raw.origin)(size), headers: isAgain(size) }),
    },
    { name: 'ours, memory', ask: memory.ask, askAgain: (size) => ({ ...memory.ask(size), headers: isAgain(size) }) },
    {
      name: 'ours, memory, as CachedImage asks',
      ask: memory.askEncoded,
      askAgain: (size) => ({ ...memory.askEncoded(size), headers: isAgain(size) }),
    },
    { name: 'ours, disk', ask: disk.ask },
    { name: 'sirv', ask: files(sirv.origin) },
    { name: 'express.static', ask: files(express.origin) },
    { name: 'ours in Vite dev', ask: inVite.ask },
    { name: "Vite's public/", ask: files(vite.origin) },
  ];
  const skipped: string[] = [];

  const command = await findProgram('nginx');
  if (command === undefined) skipped.push('nginx is not installed: `apt-get install nginx-light`.');
  else {
    for (const [name, tuning] of NGINX) {
      const nginx = await processes.start('nginx', { command, dir, prefix: await newDirectory(bench), tuning });
      contenders.push({ name, ask: files(nginx.origin) });
    }
  }

  if (!isInstalled('next')) skipped.push('next is not installed: `npm install --no-save next`.');
  else {
    const next = await processes.start('next', { public: dir, dir: await newDirectory(bench) });
    const ask = (size: PhotoSize) => ({ url: `${next.origin}/_next/image?url=%2F${fileOf(size)}&w=256&q=75` });
    contenders.push({ name: 'next/image, warm', ask });
  }
  return { contenders, skipped };
}

/** Writes the photographs into a directory for those who serve files: `public` in `root`. */
export async function writeHitFiles(bench: Bench, upstream: Upstream) {
  const root = await newDirectory(bench);
  const dir = join(root, 'public');
  await mkdir(dir);
  for (const size of SIZES) {
    const object = await fetch(await upstream.presign(keyOf(size)));
    await writeFile(join(dir, fileOf(size)), Buffer.from(await object.arrayBuffer()));
  }
  return { root, dir, fileOf };
}

/** A server of ours with the photographs in it, and how they are asked for. */
export interface OurHits {
  base: string;
  ask(size: PhotoSize): Question;
  /** With the slashes of the path percent-encoded. */
  askEncoded(size: PhotoSize): Question;
  etag(size: PhotoSize): string;
}

export async function startOurs(
  { processes }: Bench,
  upstream: Upstream,
  cacheDir: string,
  options: { memory?: false; isPrivate?: boolean; nginx?: NginxOptions } = {},
): Promise<OurHits> {
  const { origin } = await processes.start('ours', { buckets: [upstream.bucket, 'team-photos'], cacheDir, ...options });
  return fill(options.isPrivate === true ? `${origin}/api/cache` : origin, upstream);
}

async function fill(base: string, upstream: Upstream): Promise<OurHits> {
  const urls = SIZES.map((size) => upstream.bareUrl(keyOf(size)));
  await prefetch(base, urls);
  const entries = new Map<PhotoSize, ManifestEntry>();
  for (const size of SIZES) entries.set(size, await lookup(base, upstream.bareUrl(keyOf(size))));
  const pathOf = (size: PhotoSize) => entries.get(size)?.local_path ?? '';
  return {
    base,
    ask: (size) => ({ url: `${base}/image?path=${pathOf(size)}` }),
    askEncoded: (size) => ({ url: `${base}/image?path=${encodeURIComponent(pathOf(size))}` }),
    etag: (size) => `"${entries.get(size)?.sha256}"`,
  };
}

/** The same answers as ours, header by header. */
async function rawAnswers(dir: string, ours: OurHits): Promise<Record<string, RawAnswer>> {
  const answers: Record<string, RawAnswer> = {};
  for (const size of SIZES) {
    const { url } = ours.ask(size);
    const headers = await headersOf(url, {});
    const notModified = await headersOf(url, { 'If-None-Match': ours.etag(size) });
    answers[`/${fileOf(size)}`] = { file: join(dir, fileOf(size)), headers, notModified };
  }
  return answers;
}

/** All but those that Node adds by itself, spelled as they are sent: `fetch` would tell them in small letters. */
export async function headersOf(url: string, headers: Record<string, string>): Promise<Record<string, string>> {
  const [response] = (await once(get(url, { headers }), 'response')) as [IncomingMessage]; // as documented
  response.resume();
  await once(response, 'end');
  const own: Record<string, string> = {};
  for (let at = 0; at < response.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = response.rawHeaders.slice(at, at + 2);
    if (!/^(connection|date|keep-alive)$/i.test(name)) own[name] = value;
  }
  return own;
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
