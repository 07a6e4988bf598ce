import type { CachePart } from '../manifest/cachePart.ts';
import { ImageCacheError } from '../../errors.ts';
import type { Limit } from '../queue/limit.ts';
import type { ManifestEntry, VariantStats } from '../../protocol.ts';
import { fileError } from '../files/fileError.ts';
import type { Evictor } from '../limits/evictor.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import type { CachedImage } from '../store/imageStore.ts';
import type { SizedImage } from './sizedImage.ts';
import { type VariantFile, digestOf } from './variantFiles.ts';
import type { MadeVariant, VariantMaker } from './variantMaker.ts';
import { NewestFirstQueue } from '../queue/newestFirstQueue.ts';
import { VARIANT_TYPES, type VariantSpec, isOriginal, specName, withoutSlack } from './variantSpec.ts';
import type { VariantStore } from './variantStore.ts';

type Variant = Pick<SizedImage, 'body' | 'digest' | 'contentType'> & { origin: 'memory' | 'disk' | 'made' };

/** Why the original is to be served instead. */
type Substitute = Exclude<SizedImage['origin'], 'memory' | 'disk' | 'made'>;

export interface VariantsOptions {
  files: VariantStore;
  evictor: Evictor;
  maker: VariantMaker | undefined;
  /** Whether the disk has more space left than is to stay free. */
  hasRoom: () => Promise<boolean>;
  /** How much is decoded and encoded at a time. */
  limit: Limit;
  logger: CacheLogger;
}

/** Who asks for a variant. */
export interface VariantRequester {
  /** What makes variants reads it for all who wait, and gives no signal. */
  readOriginal: (signal?: AbortSignal) => Promise<CachedImage>;
  /** Aborted when they have left. */
  signal: AbortSignal | undefined;
}

/** Images of the right size and format: stored ones, else made from the original, once for all who ask. */
export class Variants implements CachePart {
  readonly #options: VariantsOptions;
  readonly #queue: NewestFirstQueue<Variant | Substitute>;
  #made = 0;
  #hits = 0;
  #failed = 0;
  /** Why variants cannot be stored. It is told once, and again when it has changed. */
  #told: string | undefined;

  constructor(options: VariantsOptions) {
    this.#options = options;
    this.#queue = new NewestFirstQueue(options.limit);
  }

  /**
   * The original is read when it is the turn of the variant, so that those that wait hold no bytes. Where no format was asked for by
   * name, it is also the answer when no variant can be had: a page must not be without a picture that is there (B12).
   * @throws ImageCacheError TOO_MANY_PIXELS, UNDECODABLE, OVERLOADED, ABORTED, and what `readOriginal` throws
   */
  async read(entry: ManifestEntry, spec: VariantSpec, requester: VariantRequester): Promise<SizedImage> {
    const variant = await this.#get(entry, spec, requester).catch((error) => this.#instead(error, spec));
    if (typeof variant !== 'string') {
      return { entry, ...variant, tier: variant.origin === 'memory' ? 'memory' : 'disk' };
    }
    const original = await requester.readOriginal(requester.signal);
    const { sha256: digest, content_type: contentType } = original.entry;
    return { ...original, digest, contentType, origin: variant };
  }

  stats(): VariantStats {
    const { files } = this.#options;
    return {
      count: files.count,
      size_bytes: files.bytes,
      made: this.#made,
      hits: this.#hits,
      failed: this.#failed,
    };
  }

  /** Resolves when nothing is made any more; what waits for its turn is refused. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /** @throws the error, where the original is not the answer */
  #instead(error: unknown, { negotiated }: VariantSpec): Substitute {
    const { code, message } = ImageCacheError.from(error);
    if (!negotiated || code === 'ABORTED') throw error;
    this.#options.logger.debug?.(`no variant was made, and the original is served: ${message}`);
    return 'not-made';
  }

  async #get(
    entry: ManifestEntry,
    wanted: VariantSpec,
    { readOriginal, signal }: VariantRequester,
  ): Promise<Variant | Substitute> {
    const { files, maker } = this.#options;
    const spec = withoutSlack(wanted, entry);
    const obstacle = maker?.obstacle(entry);
    if (isOriginal(spec, entry) || obstacle === 'format') return 'as-is';
    if (obstacle === 'pixels' && spec.negotiated) return 'too-many-pixels';
    const found = await files.find(entry, specName(spec));
    const stored = found === undefined ? undefined : await this.#read(found);
    if (stored !== undefined) {
      this.#hits += 1;
      return stored;
    }
    if (maker === undefined || !(await maker.isAvailable())) return 'no-maker';
    return this.#queue.run({
      key: `${entry.sha256}/${specName(spec)}`,
      signal,
      task: () => this.#make(maker, entry, spec, readOriginal),
    });
  }

  async #make(
    maker: VariantMaker,
    entry: ManifestEntry,
    spec: VariantSpec,
    readOriginal: () => Promise<CachedImage>,
  ): Promise<Variant | 'as-is'> {
    try {
      const original = await readOriginal();
      const made = await maker.make(original.body, spec);
      this.#made += 1;
      // One that was exchanged meanwhile has variants of its own.
      if (original.entry.sha256 === entry.sha256) await this.#keep(entry, specName(spec), made);
      if (made === undefined) return 'as-is';
      const { bytes, extension } = made;
      return { body: bytes, digest: digestOf(bytes), contentType: VARIANT_TYPES[extension], origin: 'made' };
    } catch (error) {
      this.#failed += 1;
      throw error;
    }
  }

  /** What cannot be stored is served all the same. */
  async #keep(entry: ManifestEntry, name: string, made: MadeVariant | undefined): Promise<void> {
    const { files, evictor, hasRoom, logger } = this.#options;
    try {
      if (!(await hasRoom())) return;
      await files.write(entry, name, made);
      await evictor.enforce(entry);
    } catch (error) {
      const { code, message, hint } = fileError(error);
      if (code !== 'CACHE_DIR_UNSAFE') logger.debug?.(`a variant was not stored: ${message}`);
      else if (this.#told !== message) logger.warn(`Variants are not stored. ${message} ${hint}`);
      this.#told = message;
    }
  }

  async #read(file: VariantFile): Promise<Variant | Substitute | undefined> {
    if (file.extension === 'original') return 'as-is';
    const read = await this.#options.files.read(file);
    if (read === undefined) return undefined;
    return { body: read.body, digest: file.digest, contentType: VARIANT_TYPES[file.extension], origin: read.tier };
  }
}
