import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalManifest } from '../../plugin/cache/manifest/journalManifest.ts';
import type { ManifestEntry } from '../../plugin/protocol.ts';
import { PREFIX, manyEntry, seedDirectory } from './manyEntries.ts';

/** A way to keep a manifest. */
export interface Engine {
  /** Makes a directory that holds so many entries. */
  seed(dir: string, count: number): Promise<void>;
  open(dir: string): Promise<OpenEngine>;
}

interface OpenEngine {
  /** The first answer, as soon as it can be given. */
  find(entry: ManifestEntry): Promise<boolean>;
  /** When every entry is known. */
  ready(): Promise<void>;
  /** Durable when it resolves, as far as the engine knows how. */
  add(entry: ManifestEntry): Promise<void>;
}

/** The journal of this package, with `durability: 'full'`. */
const journal: Engine = {
  seed: (dir, count) => seedDirectory(dir, count, 0),
  async open(dir) {
    const observer = { applied: () => undefined, reset: () => undefined, warn: console.error };
    const store = new JournalManifest({ dir, prefix: PREFIX, fsync: true, now: Date.now, observer });
    const opening = store.open();
    return {
      find: async ({ s3_url }) => {
        if ((await store.findEarly({ key: s3_url })) !== undefined) return true;
        await opening;
        return store.index.get(s3_url) !== undefined;
      },
      ready: () => opening,
      add: async (entry) => {
        await store.append({ op: 'put', entry });
      },
    };
  },
};

/** One JSON file, written anew for every change: to a temporary name, synced, renamed. */
const oneJson: Engine = {
  async seed(dir, count) {
    const entries = Array.from({ length: count }, (_, n) => manyEntry(n));
    await writeJson(dir, Object.fromEntries(entries.map((entry) => [entry.s3_url, entry])));
  },
  async open(dir) {
    // Written by `writeJson`.
    const entries = JSON.parse(await readFile(join(dir, 'one.json'), 'utf8')) as Record<string, ManifestEntry>;
    return {
      find: async ({ s3_url }) => entries[s3_url] !== undefined,
      ready: async () => undefined,
      add: async (entry) => {
        entries[entry.s3_url] = entry;
        await writeJson(dir, entries);
      },
    };
  },
};

async function writeJson(dir: string, entries: Record<string, ManifestEntry>): Promise<void> {
  const tmp = join(dir, 'one.tmp');
  await writeFile(tmp, JSON.stringify(entries));
  const file = await open(tmp, 'r+');
  await file.sync();
  await file.close();
  await rename(tmp, join(dir, 'one.json'));
}

interface Cacache {
  index: {
    insert(dir: string, key: string, integrity: string, options: object): Promise<unknown>;
  };
  get: { info(dir: string, key: string): Promise<object | null> };
  ls(dir: string): Promise<object>;
}

const SEEDING_AT_ONCE = 64;

/** npm's own: a file for each entry, so that nothing has to be read beforehand, nor is anything synced. */
function cacacheEngine({ index, get, ls }: Cacache): Engine {
  const insert = async (dir: string, entry: ManifestEntry): Promise<void> => {
    const integrity = `sha256-${Buffer.from(entry.sha256, 'hex').toString('base64')}`;
    await index.insert(dir, entry.s3_url, integrity, { size: entry.size_bytes, metadata: entry });
  };
  return {
    async seed(dir, count) {
      let next = 0;
      const lane = async () => {
        while (next < count) await insert(dir, manyEntry(next++));
      };
      await Promise.all(Array.from({ length: SEEDING_AT_ONCE }, lane));
    },
    open: async (dir) => ({
      find: async ({ s3_url }) => (await get.info(dir, s3_url)) !== null,
      ready: async () => {
        await ls(dir);
      },
      add: (entry) => insert(dir, entry),
    }),
  };
}

export type EngineName = 'journal' | 'one JSON file' | 'cacache';

export async function loadEngine(name: EngineName): Promise<Engine> {
  if (name === 'journal') return journal;
  if (name === 'one JSON file') return oneJson;
  const module: string = 'cacache'; // it has no types
  const { default: cacache } = (await import(module)) as { default: Cacache }; // as documented
  return cacacheEngine(cacache);
}
