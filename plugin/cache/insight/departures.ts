import { hash } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import type { ImageDeparture } from '../../channels.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { createRecentMap } from '../../recentMap.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { ManifestChange } from '../manifest/manifestChange.ts';
import type { AppliedChange } from '../manifest/manifestStore.ts';
import type { DepartureFile, DepartureRecord } from './departureFile.ts';
import type { MissExplanation } from './missReason.ts';

type Departure = MissExplanation & Pick<ImageDeparture, 'reason'>;

const departed = channel('vite-plugin-image-cache:departure');
/** Images whose departure is remembered. */
const MAX_REMEMBERED = 100_000;

/** Remembers why images left the cache, whichever process removed them, and also those that left before the start. */
export class Departures implements CachePart {
  readonly #file: DepartureFile;
  readonly #now: () => number;
  /** By digest of the key. Images that left together share an explanation. */
  readonly #left = createRecentMap<MissExplanation>(MAX_REMEMBERED);
  #loading: Promise<void> | undefined;

  constructor({ file, now }: { file: DepartureFile; now: () => number }) {
    this.#file = file;
    this.#now = now;
  }

  start(): void {
    this.#loading = this.#load().catch(() => undefined); // then nothing is known of earlier
  }

  /** Resolves when the departures of earlier processes are known. */
  async loaded(): Promise<void> {
    await this.#loading;
  }

  /** Why the image is not in the cache. */
  explain(key: string): MissExplanation {
    return this.#left.get(digestOf(key)) ?? { reason: 'first_seen' };
  }

  applied({ change, removed, isOwn }: AppliedChange): void {
    if (removed.length === 0) return;
    const explanation = explanationOf(change, this.#now);
    if (explanation === undefined) return;
    const keys = this.#note(removed, explanation);
    if (isOwn === true) this.#file.add({ ...explanation, keys });
  }

  lost(gone: readonly ManifestEntry[]): void {
    this.#note(gone, { reason: 'reset', removed_at: this.#now() });
  }

  async close(): Promise<void> {
    await this.#loading;
    await this.#file.flush();
  }

  #note(gone: readonly ManifestEntry[], explanation: Departure): string[] {
    if (departed.hasSubscribers) {
      const message = { ...explanation, s3_urls: gone.map(({ s3_url }) => s3_url) } satisfies ImageDeparture;
      setImmediate(() => departed.publish(message)); // a subscriber that takes long does not delay who removed them
    }
    const keys = gone.map(({ s3_url }) => digestOf(s3_url));
    for (const key of keys) this.#left.set(key, explanation);
    return keys;
  }

  async #load(): Promise<void> {
    const records: DepartureRecord[] = await this.#file.read();
    for (const { keys, ...explanation } of records) {
      for (const key of keys) this.#noteEarlier(key, explanation);
    }
  }

  /** What was seen since the start is newer, unless the record is from another process of these moments. */
  #noteEarlier(key: string, explanation: MissExplanation): void {
    const known = this.#left.peek(key);
    if (known === undefined || (known.removed_at ?? 0) <= (explanation.removed_at ?? 0))
      this.#left.set(key, explanation);
  }
}

/** The explanation of a change that removes images; `undefined` for all others. */
function explanationOf(change: ManifestChange, now: () => number): Departure | undefined {
  if (change.op === 'clear') return { reason: 'cleared', removed_at: change.at ?? now() };
  if (change.op !== 'delete') return undefined;
  const { at: removed_at = now(), cause } = change;
  const why = { removed_at, ...(cause !== undefined && { cause }) };
  if (change.reason === 'evicted') return { reason: cause === 'maxAge' ? 'aged_out' : 'evicted', ...why };
  if (change.reason === 'invalidated') return { reason: 'invalidated', removed_at };
  return { reason: cause === 'damaged' ? 'damaged' : 'missing', ...why };
}

/** Short enough to be kept a hundred thousand times, and long enough that no two images share one. */
function digestOf(key: string): string {
  return hash('sha1', key, 'base64url').slice(0, 16);
}
