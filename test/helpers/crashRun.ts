import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageCache } from '../../plugin/cache/imageCache.ts';
import { ImageCacheError } from '../../plugin/errors.ts';
import { bytesOf, createCache } from './cache.ts';
import type { CrashFs } from './crashFs.ts';
import type { DiskState } from './crashFsEvents.ts';
import { Ledger } from './ledger.ts';
import { MemorySource } from './memorySource.ts';

export type Durability = 'full' | 'process';

/** Where the cache is below the directory that is recorded. */
const CACHE_DIR = '.image-cache';
const IMAGE_BYTES = 200;
/** Has the same bytes as `d`, so that it becomes a second link to its file. */
const TWIN = 'twin of d';
const NAMES = ['a', 'b', 'c', 'd', TWIN, 'e', 'f'];
const ABSENT = '-';

/** What was promised when so many events had happened. */
interface Note {
  events: number;
  tell: (ledger: Ledger) => void;
}

function contentOf(name: string, version: number): Buffer {
  return bytesOf(`${name === TWIN ? 'd' : name} ${version}`, IMAGE_BYTES);
}

/** A few caches on one directory, doing all that changes it, while a {@link CrashFs} takes notes of what they ask of the disk. */
export class CrashRun {
  readonly #root: string;
  readonly #crashFs: CrashFs;
  readonly #durability: Durability;
  readonly #notes: Note[] = [];
  /** What was acknowledged under `'process'`, and is promised once the system has written it back. */
  readonly #unsynced: Note['tell'][] = [];
  #version = 1;

  constructor(root: string, crashFs: CrashFs, durability: Durability) {
    this.#root = root;
    this.#crashFs = crashFs;
    this.#durability = durability;
  }

  async run(): Promise<void> {
    const first = this.#open();
    await this.#put(first, 'one', 'a');
    await Promise.all([this.#put(first, 'one', 'b'), this.#put(first, 'two', 'c')]);
    await this.#invalidate(first, 'one', 'a');
    this.#version = 2;
    await this.#put(first, 'one', 'a');
    const second = this.#open();
    await this.#put(second, 'two', 'd');
    await this.#put(second, 'two', TWIN);
    this.#writeBack();
    await second.close(); // compacts
    await this.#put(first, 'three', 'e');
    await this.#clear(first, 'two');
    await Promise.all([this.#put(first, 'two', 'c'), this.#invalidate(first, 'one', 'b')]);
    await first.close();
    const third = this.#open();
    await this.#put(third, 'four', 'f');
    await third.close();
  }

  /** What every name may hold after so many events. */
  ledgerAt(events: number): Ledger {
    const ledger = new Ledger();
    for (const note of this.#notes) if (note.events <= events) note.tell(ledger);
    return ledger;
  }

  /** How many promises bear on the state: after one more, the same state has to be looked at again. */
  promisesAt(events: number): number {
    return this.#notes.filter((note) => note.events <= events).length;
  }

  #open(): ImageCache {
    const source = new MemorySource((name) => contentOf(name, this.#version));
    return createCache({ dir: join(this.#root, CACHE_DIR), source, durability: this.#durability }).cache;
  }

  #put(cache: ImageCache, actor: string, name: string): Promise<unknown> {
    return this.#promise(actor, name, `v${this.#version}`, async () => {
      const result = await cache.prefetch({ s3_url: `mem:${name}` }, actor);
      if (result.status === 'failed') throw new Error(result.error.detail);
    });
  }

  #invalidate(cache: ImageCache, actor: string, name: string): Promise<unknown> {
    return this.#promise(actor, name, ABSENT, () => cache.invalidate(`mem:${name}`));
  }

  #clear(cache: ImageCache, actor: string): Promise<unknown> {
    return this.#promise(actor, '*', ABSENT, () => cache.clear(actor));
  }

  async #promise(actor: string, name: string, value: string, change: () => Promise<unknown>): Promise<void> {
    this.#note((ledger) => ledger.begin(actor, name, value));
    await change();
    const keep = (ledger: Ledger) => ledger.acknowledge(actor, name, value);
    if (this.#durability === 'full') this.#note(keep);
    else this.#unsynced.push(keep);
  }

  #writeBack(): void {
    if (this.#durability === 'full') return;
    this.#crashFs.events.push({ op: 'write back' });
    for (const keep of this.#unsynced) this.#note(keep);
  }

  #note(tell: Note['tell']): void {
    this.#notes.push({ events: this.#crashFs.events.length, tell });
  }
}

/** Puts the disk into a directory, and says what is wrong with a cache that is opened on it. */
export async function wrongWith(
  disk: DiskState,
  ledger: Ledger,
  { dir, durability }: { dir: string; durability: Durability },
): Promise<string[]> {
  for (const [path, content] of disk) {
    if (content === 'directory') mkdirSync(join(dir, path));
    else writeFileSync(join(dir, path), content);
  }
  const wrong: string[] = [];
  const manifest = disk.get(`${CACHE_DIR}/manifest.json`);
  if (durability === 'full' && manifest !== undefined && !isManifest(String(manifest))) {
    wrong.push('manifest.json was left torn');
  }
  const cacheDir = join(dir, CACHE_DIR);
  const source = new MemorySource((name) => {
    if (name === 'later') return bytesOf(name, IMAGE_BYTES);
    throw new ImageCacheError('UPSTREAM_NOT_FOUND', 'Nothing is fetched again here.');
  });
  const { cache } = createCache({ dir: cacheDir, source, durability: 'process' });
  const known = new Set(await keysIn(cache)); // before anything is asked for, and adopted from its file
  const held = new Map<string, string>();
  await Promise.all(NAMES.map(async (name) => held.set(name, await valueOf(cache, name))));
  wrong.push(...ledger.wrong((name) => held.get(name) ?? ABSENT));
  const listedNow = (name: string) => (known.has(`mem:${name}`) ? (held.get(name) ?? ABSENT) : ABSENT);
  wrong.push(...ledger.wrong(listedNow).map((fault) => `in the manifest, ${fault}`));
  await cache.readUrl('mem:later');
  await cache.close();

  const text = readFileSync(join(cacheDir, 'manifest.json'), 'utf8');
  const listed = isManifest(text) ? Object.keys(JSON.parse(text).entries) : ['no manifest'];
  const there = [...NAMES.filter((name) => held.get(name) !== ABSENT), 'later'].map((name) => `mem:${name}`);
  if (listed.toSorted().join() !== there.toSorted().join())
    wrong.push(`manifest.json lists ${listed.join()} of ${there.join()}`);
  return wrong;
}

async function valueOf(cache: ImageCache, name: string): Promise<string> {
  try {
    if ((await cache.find(`mem:${name}`)) === undefined) return ABSENT;
    const { body } = await cache.readUrl(`mem:${name}`);
    const version = [1, 2].find((each) => contentOf(name, each).equals(body));
    return version === undefined ? 'other bytes' : `v${version}`;
  } catch (error) {
    return ImageCacheError.from(error).code === 'UPSTREAM_NOT_FOUND' ? ABSENT : String(error);
  }
}

async function keysIn(cache: ImageCache): Promise<string[]> {
  let text = '';
  for await (const chunk of await cache.manifest()) text += chunk;
  const { entries } = JSON.parse(text) as { entries: object }; // it is what the API answers
  return Object.keys(entries);
}

function isManifest(text: string): boolean {
  try {
    return 'entries' in JSON.parse(text);
  } catch {
    return false;
  }
}
