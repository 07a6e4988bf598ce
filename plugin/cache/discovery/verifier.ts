import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry, VerifyProgress, VerifyReport, VerifyStep } from '../../protocol.ts';
import type { Adoption } from './adoption.ts';
import type { BlobStore } from '../files/blobStore.ts';
import type { Discovery } from './discovery.ts';
import { SharedRun } from '../queue/sharedRun.ts';
import { ensureSafeDirectory } from '../files/ensureSafeDirectory.ts';
import { fileError } from '../files/fileError.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { NamedImages } from './namedImages.ts';
import { quarantine } from '../files/quarantine.ts';
import { sweepTemporary } from '../files/sweepTemporary.ts';
import { SETTLED_MS } from './unclaimedImages.ts';
import type { VariantStore } from '../variants/variantStore.ts';

/** Files that are hashed at the same time: few, because requested images have priority. */
const LANES = 2;
/** Maximum number of entries that are dropped by one record of the journal. */
const MAX_DROPPED = 256;

export interface VerifierOptions {
  /** The cache directory. */
  dir: string;
  store: ManifestStore;
  blobs: BlobStore;
  images: NamedImages;
  discovery: Discovery;
  adoption: Adoption;
  variants: VariantStore;
  now: () => number;
  /** True if the oldest files in quarantine stay, however many there are. */
  keepsPutAside: boolean;
}

export type ProgressListener = (progress: VerifyProgress) => void;

type Tally = Pick<VerifyStep, 'checked' | 'healed'>;
type Count = Exclude<keyof VerifyReport, 'steps' | 'started_at' | 'took_ms'>;

/** One run, from its first step to its report. */
interface Run {
  signal: AbortSignal;
  /** Entries whose file is missing or damaged. */
  bad: ManifestEntry[];
  counts: Record<Count, number>;
}

/** Compares the whole directory with the manifest, in named steps, while the cache serves. */
export class Verifier implements CachePart {
  readonly #options: VerifierOptions;
  readonly #shared = new SharedRun<VerifyReport, VerifyProgress>();

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  /** @throws ImageCacheError ABORTED when all callers have left */
  verify(signal: AbortSignal | undefined, onProgress: ProgressListener | undefined): Promise<VerifyReport> {
    return this.#shared.join((left) => this.#run(left), signal, onProgress);
  }

  close(): Promise<void> {
    return this.#shared.close();
  }

  async #run(signal: AbortSignal): Promise<VerifyReport> {
    const started = performance.now();
    const started_at = this.#options.now();
    const counts = {
      entries: 0,
      unclaimed: 0,
      damaged: 0,
      missing: 0,
      repaired: 0,
      dropped: 0,
      quarantined: 0,
      cleaned: 0,
    };
    const run: Run = { signal, bad: [], counts };
    const steps: VerifyStep[] = [];
    const named: [VerifyStep['step'], (run: Run) => Promise<Tally>][] = [
      ['scan', () => this.#scan(run)],
      ['rehash', () => this.#rehash(run)],
      ['repair', () => this.#repair(run)],
      ['drop', () => this.#drop(run)],
      ['clean', () => this.#clean(run)],
    ];
    for (const [step, perform] of named) {
      const begun = performance.now();
      const tally = await perform(run).catch((error: unknown) => Promise.reject(fileError(error)));
      steps.push({ step, took_ms: Math.round(performance.now() - begun), ...tally });
    }
    counts.entries = this.#options.store.index.size;
    counts.unclaimed = this.#options.discovery.unclaimed.count;
    return { started_at, took_ms: Math.round(performance.now() - started), steps, ...counts };
  }

  async #scan({ counts }: Run): Promise<Tally> {
    const { dir, discovery } = this.#options;
    await ensureSafeDirectory(dir); // also checks folders to which nothing was written for long
    counts.cleaned += await discovery.scan();
    return { checked: discovery.unclaimed.count, healed: 0 };
  }

  /** Reads the file of every entry again, even those that this process has checked before. */
  async #rehash(run: Run): Promise<Tally> {
    const { store, blobs } = this.#options;
    const entries = [...store.index.values()];
    await this.#each('rehash', entries, run.signal, async (entry) => {
      const state = await blobs.recheck(entry);
      if (state === 'whole' || store.index.get(entry.s3_url) !== entry) return; // otherwise it was replaced meanwhile
      run.bad.push(entry);
      run.counts[state] += 1;
    });
    return { checked: entries.length, healed: 0 };
  }

  /** A file that was moved to another actor's folder still tells by its name which image it is. */
  async #repair(run: Run): Promise<Tally> {
    await this.#each('repair', run.bad, run.signal, async (entry) => {
      if (await this.#options.adoption.repair(entry)) run.counts.repaired += 1;
    });
    return { checked: run.bad.length, healed: run.counts.repaired };
  }

  async #drop(run: Run): Promise<Tally> {
    const { store, blobs, discovery } = this.#options;
    for (let start = 0; start < run.bad.length; start += MAX_DROPPED) {
      ensureWanted(run.signal);
      await store.refresh(); // another process may have stored one of them again
      const gone = run.bad.slice(start, start + MAX_DROPPED).filter((entry) => store.index.get(entry.s3_url) === entry);
      for (const cause of ['damaged', undefined] as const) {
        const keys = gone
          .filter((entry) => blobs.wasDamaged(entry) === (cause === 'damaged'))
          .map((entry) => entry.s3_url);
        if (keys.length > 0) await store.append({ op: 'delete', keys, reason: 'missing', cause });
      }
      run.counts.dropped += gone.length;
    }
    const orphans = [...discovery.unclaimed.paths()];
    await this.#each('drop', orphans, run.signal, async (path) => {
      if (await this.#isWorthless(path)) await this.#putAside(path, run);
    });
    return { checked: run.bad.length + orphans.length, healed: run.counts.dropped + run.counts.quarantined };
  }

  async #clean({ counts }: Run): Promise<Tally> {
    const { dir, variants, now } = this.#options;
    counts.cleaned += (await sweepTemporary(dir, now())) + (await variants.scan());
    return { checked: counts.cleaned, healed: counts.cleaned };
  }

  /** True if the file is not one of our images or does not match its name, and no process is still writing it. */
  async #isWorthless(path: string): Promise<boolean> {
    const { dir, store, images, now } = this.#options;
    const stats = await lstat(join(dir, path)).catch(() => undefined);
    if (stats === undefined || now() - stats.ctimeMs < SETTLED_MS) return false;
    if (store.index.getByPath(path) !== undefined) return false;
    return (await images.read(dir, path)) === undefined && (await images.isWorthless(dir, path));
  }

  async #putAside(path: string, { counts }: Run): Promise<void> {
    const { dir, discovery, now, keepsPutAside } = this.#options;
    await quarantine(dir, join(dir, path), now(), keepsPutAside);
    discovery.unclaimed.forget(path);
    counts.quarantined += 1;
  }

  /** Calls the task for each item, a few at a time, and reports the progress. */
  async #each<T>(
    step: VerifyStep['step'],
    items: readonly T[],
    signal: AbortSignal,
    task: (item: T) => Promise<void>,
  ): Promise<void> {
    const rest = items.values();
    let checked = 0;
    const lanes = Array.from({ length: LANES }, async () => {
      for (const item of rest) {
        ensureWanted(signal);
        await task(item);
        checked += 1;
        this.#shared.tell({ step, checked, total: items.length });
      }
    });
    await Promise.all(lanes);
  }
}

function ensureWanted(signal: AbortSignal): void {
  if (signal.aborted) throw new ImageCacheError('ABORTED', 'The verification was aborted.');
}
