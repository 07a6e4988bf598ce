import { OFFLINE_VARIABLE, type OfflineStats } from '../../protocol.ts';
import { ensureOwnDirectory } from '../files/ensureOwnDirectory.ts';
import { MISSED_FILE, TMP_DIR } from '../files/layout.ts';
import { makeFolder } from '../files/ownFolders.ts';
import { replaceContent } from '../files/replaceContent.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import type { CachePart } from '../manifest/cachePart.ts';

/** Images that are remembered, that the statistics name, and that the log names. */
const MAX_REMEMBERED = 10_000;
const MAX_IN_STATS = 1_000;
const MAX_IN_LOG = 20;
/** How long further images are waited for before the list is written, so that it is there if the process is killed. */
const WRITE_AFTER_MS = 500;

export interface MissedImagesOptions {
  /** The cache directory. */
  dir: string;
  /** Prefix of every `local_path`, e.g. `.image-cache/`. */
  prefix: string;
  logger: CacheLogger;
}

/**
 * The images that were asked for while the cache was offline, and were not in it. Each is named once: in the statistics, in a file from which the
 * command `warm` can fetch them later, and in the log at the end.
 */
export class MissedImages implements CachePart {
  readonly #options: MissedImagesOptions;
  /** The actor of each image, by its key. */
  readonly #actors = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<boolean> = Promise.resolve(false);

  constructor(options: MissedImagesOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#actors.size;
  }

  get stats(): OfflineStats {
    return { missed: this.count, s3_urls: [...this.#actors.keys()].slice(0, MAX_IN_STATS) };
  }

  /** @param key the canonical URL, which has no signature */
  note(key: string, actorId: string): void {
    if (this.#actors.has(key) || this.count >= MAX_REMEMBERED) return;
    this.#actors.set(key, actorId);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, WRITE_AFTER_MS).unref();
  }

  /** Writes the list, and says what was missed. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.count === 0) return;
    const { prefix, logger } = this.#options;
    const isWritten = await this.#write();
    const named = [...this.#actors.keys()].slice(0, MAX_IN_LOG);
    const others = this.count - named.length;
    const path = `${prefix}${MISSED_FILE}`;
    const record = isWritten
      ? ` The list is in ${path}. To record what is missing, run \`npx vite-plugin-image-cache warm ${path}\` with ${OFFLINE_VARIABLE}=0.`
      : '';
    const what = this.count === 1 ? '1 image was' : `${this.count} images were`;
    const more = others > 0 ? ` and ${others} more` : '';
    logger.warn(`While offline, ${what} not in the cache: ${named.join(', ')}${more}.${record}`);
  }

  /** One after the other, so that the last one has all. Never rejects. @returns whether it is written */
  #write(): Promise<boolean> {
    this.#writing = this.#writing.then(() =>
      this.#writeNow().then(
        () => true,
        () => false, // the directory is read-only, full or gone
      ),
    );
    return this.#writing;
  }

  async #writeNow(): Promise<void> {
    const { dir } = this.#options;
    await ensureOwnDirectory(dir);
    await makeFolder(dir, TMP_DIR);
    await replaceContent(dir, MISSED_FILE, this.#text());
  }

  #text(): string {
    const lines = Array.from(this.#actors, ([key, actorId]) => `${actorId}\t${key}\n`);
    return `# Images that were not in the cache while it was offline, for the command \`warm\`.\n${lines.join('')}`;
  }
}
