import { ImageCacheError } from '../../errors.ts';
import type { CheckAnswer, CheckProgress } from '../../inspectorProtocol.ts';
import type { ManifestEntry } from '../../protocol.ts';
import type { Discovery } from '../discovery/discovery.ts';
import { insidePath, parseImagePath } from '../files/layout.ts';
import { digestQuietly, sizeOf } from '../files/quietRead.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import { SharedRun } from '../queue/sharedRun.ts';
import { standAside } from '../queue/standAside.ts';
import { quarantinedFiles } from './looseFiles.ts';

type Problem = CheckAnswer['problems'][number];
export type CheckListener = (progress: CheckProgress) => void;

const MAX_PROBLEMS = 1000;
/** Files that are hashed at a time. */
const LANES = 2;
/** How long each file stands aside for images that pages wait for, at most. */
const MAX_YIELD_MS = 200;

export interface DryCheckOptions {
  dir: string;
  prefix: string;
  discovery: Pick<Discovery, 'look'> & { unclaimed: Pick<Discovery['unclaimed'], 'paths'> };
  /** True while a page waits for an image. */
  isBusy: () => boolean;
}

/** Compares every file with the manifest, like `verify`, but mends nothing and leaves no trace. */
export class DryCheck {
  readonly #options: DryCheckOptions;
  readonly #shared = new SharedRun<CheckAnswer, CheckProgress>();

  constructor(options: DryCheckOptions) {
    this.#options = options;
  }

  /** @throws ImageCacheError ABORTED when all callers have left */
  check(index: ManifestIndex, signal: AbortSignal, onProgress: CheckListener): Promise<CheckAnswer> {
    return this.#shared.join((left) => this.#run(index, left), signal, onProgress);
  }

  close(): Promise<void> {
    return this.#shared.close();
  }

  async #run(index: ManifestIndex, signal: AbortSignal): Promise<CheckAnswer> {
    const { dir, prefix, discovery } = this.#options;
    await discovery.look();
    const entries = index.toArray();
    const loose = [...discovery.unclaimed.paths()];
    const total = entries.length + loose.length;
    const found = { checked: 0, problem_count: 0, problems: [] as Problem[] };
    const note = (problem: Problem | undefined) => {
      found.checked += 1;
      if (problem !== undefined) add(found, problem);
      this.#shared.tell({ checked: found.checked, total });
    };
    await this.#each(entries, signal, async (entry) => note(await this.#problemOf(entry, index)));
    await this.#each(loose, signal, async (path) => note(await this.#problemOfLoose(path, index)));
    for (const { path } of await quarantinedFiles(dir, prefix)) add(found, { kind: 'quarantined', path });
    return { done: true, ...found };
  }

  async #problemOf(entry: ManifestEntry, index: ManifestIndex): Promise<Problem | undefined> {
    const { dir } = this.#options;
    const path = insidePath(entry.local_path) ?? '';
    const size = await sizeOf(dir, path);
    const isWhole = size === entry.size_bytes && (await digestQuietly(dir, path)) === entry.sha256;
    if (isWhole || index.get(entry.s3_url) !== entry) return undefined; // otherwise it was replaced meanwhile
    return { kind: size === undefined ? 'missing' : 'damaged', path: entry.local_path, s3_url: entry.s3_url };
  }

  /** A file without an entry is worth something if its bytes are those that its name says. */
  async #problemOfLoose(path: string, index: ManifestIndex): Promise<Problem | undefined> {
    const { dir, prefix } = this.#options;
    const digest = await digestQuietly(dir, path);
    const isThere = (await sizeOf(dir, path)) !== undefined;
    if (!isThere || index.getByPath(prefix + path) !== undefined) return undefined; // it was removed or got its entry meanwhile
    const isWhole = digest?.startsWith(parseImagePath(path)?.contentDigest ?? ' ') === true;
    return { kind: isWhole ? 'unclaimed' : 'stray', path: prefix + path };
  }

  async #each<T>(items: readonly T[], signal: AbortSignal, task: (item: T) => Promise<void>): Promise<void> {
    const rest = items.values();
    const lanes = Array.from({ length: LANES }, async () => {
      for (const item of rest) {
        await standAside(this.#options.isBusy, MAX_YIELD_MS);
        if (signal.aborted) throw new ImageCacheError('ABORTED', 'The check was aborted.');
        await task(item);
      }
    });
    await Promise.all(lanes);
  }
}

function add(found: { problem_count: number; problems: Problem[] }, problem: Problem): void {
  found.problem_count += 1;
  if (found.problems.length < MAX_PROBLEMS) found.problems.push(problem);
}
