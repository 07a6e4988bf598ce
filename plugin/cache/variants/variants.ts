import type { CachePart } from '../manifest/cachePart.ts';
import { ImageCacheError } from '../../errors.ts';
import type { Limit } from '../queue/limit.ts';
import { type ManifestEntry, SHARP_MISSING, type VariantStats } from '../../protocol.ts';
import { fileError } from '../files/fileError.ts';
import type { Room } from '../limits/room.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import type { CachedImage, Reader } from '../store/imageStore.ts';
import type { SizedImage } from './sizedImage.ts';
import { type VariantFile, digestOf } from './variantFiles.ts';
import type { MadeVariant, VariantMaker } from './variantMaker.ts';
import { NewestFirstQueue } from '../queue/newestFirstQueue.ts';
import { VARIANT_TYPES, type VariantSpec, isOriginal, specName, withoutSlack } from './variantSpec.ts';
import type { VariantStore } from './variantStore.ts';

type Variant = Pick<SizedImage, 'body' | 'file' | 'digest' | 'contentType'> & { origin: 'memory' | 'disk' | 'made' };

/** Why the original is served instead. */
type Substitute = Exclude<SizedImage['origin'], 'memory' | 'disk' | 'made'>;

export interface VariantsOptions {
  files: VariantStore;
  room: Room;
  maker: VariantMaker | undefined;
  /** Returns true if the disk has more free space than has to stay free. */
  hasRoom: () => Promise<boolean>;
  /** Limits how many pictures are decoded and encoded at a time. */
  limit: Limit;
  logger: CacheLogger;
}

/** A request for a variant. */
export interface VariantRequester extends Reader {
  /** Reads the original. One task reads it for all requesters, so it gets no signal. */
  readOriginal: (signal?: AbortSignal, reader?: Reader) => Promise<CachedImage>;
  /** Aborted when the requester has left. */
  signal: AbortSignal | undefined;
}

/** Returns images of the requested size and format: stored ones, or ones that are made from the original, once for all requesters. */
export class Variants implements CachePart {
  readonly #options: VariantsOptions;
  readonly #queue: NewestFirstQueue<Variant | Substitute>;
  #made = 0;
  #hits = 0;
  #failed = 0;
  /** The last reported reason why variants cannot be stored. It is logged once, and again when it has changed. */
  #told: string | undefined;

  constructor(options: VariantsOptions) {
    this.#options = options;
    this.#queue = new NewestFirstQueue(options.limit);
  }

  /**
   * The original is read when the variant's turn comes, so that waiting requests hold no bytes. If no format was requested by
   * name, the original is also the answer when no variant can be made: a page must not lack a picture that exists (B12).
   * @throws ImageCacheError TOO_MANY_PIXELS, UNDECODABLE, OVERLOADED, ABORTED, and what `readOriginal` throws
   */
  async read(entry: ManifestEntry, spec: VariantSpec, requester: VariantRequester): Promise<SizedImage> {
    const variant = await this.#get(entry, spec, requester).catch((error) => this.#instead(error, spec));
    if (typeof variant !== 'string') {
      return { entry, ...variant, tier: variant.origin === 'memory' ? 'memory' : 'disk' };
    }
    const original = await requester.readOriginal(requester.signal, requester);
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

  /** Resolves when no variant is being made. Waiting requests are refused. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /** @throws the error, if the original is not an acceptable answer */
  #instead(error: unknown, { negotiated }: VariantSpec): Substitute {
    const { code, message } = ImageCacheError.from(error);
    if (!negotiated || code === 'ABORTED') throw error;
    this.#options.logger.debug?.(`no variant was made, and the original is served: ${message}`);
    return 'not-made';
  }

  async #get(
    entry: ManifestEntry,
    wanted: VariantSpec,
    { readOriginal, signal, asFile }: VariantRequester,
  ): Promise<Variant | Substitute> {
    const { files, maker, logger } = this.#options;
    const spec = withoutSlack(wanted, entry);
    const obstacle = maker?.obstacle(entry);
    if (isOriginal(spec, entry) || obstacle === 'format') return 'as-is';
    if (obstacle === 'pixels' && spec.negotiated) return 'too-many-pixels';
    const found = await files.find(entry, specName(spec));
    const stored = found === undefined ? undefined : await this.#read(found, { asFile });
    if (stored !== undefined) {
      this.#hits += 1;
      return stored;
    }
    if (maker === undefined || !(await maker.isAvailable())) {
      logger.warn(SHARP_MISSING);
      return 'no-maker';
    }
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
      // An original that was replaced meanwhile has variants of its own.
      if (original.entry.sha256 === entry.sha256) await this.#keep(entry, specName(spec), made);
      if (made === undefined) return 'as-is';
      const { bytes, extension } = made;
      return { body: bytes, digest: digestOf(bytes), contentType: VARIANT_TYPES[extension], origin: 'made' };
    } catch (error) {
      this.#failed += 1;
      throw error;
    }
  }

  /** A variant that cannot be stored is served all the same. */
  async #keep(entry: ManifestEntry, name: string, made: MadeVariant | undefined): Promise<void> {
    const { files, room, hasRoom, logger } = this.#options;
    try {
      if (!(await hasRoom())) return;
      await files.write(entry, name, made);
      await room.enforce(entry);
    } catch (error) {
      const { code, message, hint } = fileError(error);
      if (code !== 'CACHE_DIR_UNSAFE') logger.debug?.(`a variant was not stored: ${message}`);
      else if (this.#told !== message) logger.warn(`Variants are not stored. ${message} ${hint}`);
      this.#told = message;
    }
  }

  async #read(file: VariantFile, reader: Reader): Promise<Variant | Substitute | undefined> {
    if (file.extension === 'original') return 'as-is';
    const read = await this.#options.files.read(file, reader);
    if (read === undefined) return undefined;
    const { tier: origin, ...bytes } = read;
    return { ...bytes, digest: file.digest, contentType: VARIANT_TYPES[file.extension], origin };
  }
}
