import type { ManifestChange } from '../../plugin/cache/manifest/manifestChange.ts';
import { ManifestIndex } from '../../plugin/cache/manifest/manifestIndex.ts';
import type {
  AppendOptions,
  AppliedChange,
  ManifestObserver,
  ManifestStore,
} from '../../plugin/cache/manifest/manifestStore.ts';
import { ImageCacheError } from '../../plugin/errors.ts';
import type { ManifestEntry } from '../../plugin/protocol.ts';

/** The simplest `ManifestStore` there can be: an array of changes, which all stores of a place read. */
export class MemoryManifest implements ManifestStore {
  readonly index = new ManifestIndex('.image-cache/');
  readonly #changes: ManifestChange[];
  readonly #observer: ManifestObserver;
  #read = 0;
  #isClosed = false;

  constructor(changes: ManifestChange[], observer: ManifestObserver) {
    this.#changes = changes;
    this.#observer = observer;
  }

  async open(): Promise<void> {
    this.#catchUp();
  }

  async findEarly(): Promise<ManifestEntry | undefined> {
    return undefined;
  }

  async append(change: ManifestChange, { isCancelled }: AppendOptions = {}): Promise<AppliedChange> {
    if (this.#isClosed) throw new ImageCacheError('ABORTED', 'The image cache is closed.');
    await this.refresh();
    if (isCancelled?.() === true) return { change, removed: [], isRefused: true };
    this.#changes.push(structuredClone(change));
    this.#read += 1;
    return this.#tell({ change, removed: this.index.apply(change) });
  }

  async refresh(): Promise<void> {
    for (const { change, removed } of this.#catchUp()) this.#tell({ change, removed });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #catchUp(): AppliedChange[] {
    const news = this.#changes.slice(this.#read).map((change) => ({ change, removed: this.index.apply(change) }));
    this.#read = this.#changes.length;
    return news;
  }

  #tell(applied: AppliedChange): AppliedChange {
    this.#observer.applied(applied);
    return applied;
  }
}
