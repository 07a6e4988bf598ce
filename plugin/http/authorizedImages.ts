import type { IncomingMessage } from 'node:http';
import {
  type CachedImage,
  DEFAULT_ACTOR_ID,
  type ImageCache,
  type ImageRef,
  type ObjectLocation,
  type PrefetchOptions,
  type ReadOptions,
  reportFailure,
  type SizedImage,
  type VariantSpec,
} from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { AuthorizedImage, ExpressImageCacheOptions } from '../options.ts';
import type { CacheEvent, ManifestEntry, PrefetchImage, PrefetchResult } from '../protocol.ts';
import type { HttpContext } from './context.ts';
import { EventLog, type LoggedEvent } from './eventLog.ts';
import { publicEntry } from './publicEntry.ts';

/** An image that is requested by its path or by its object, with the options of the request. */
export type AskedRef = ({ path: string } | { url: ImageRef }) & ReadOptions;

type LocatedImage = Omit<AuthorizedImage, keyof ObjectLocation> & Pick<AuthorizedImage, 's3_url'>;

/**
 * The cache behind the option `authorize`. Routes of images get only this, so that none of them can forget to ask the hook. Only
 * methods that throw NOT_AUTHORIZED tell an image that may not be seen from one that is not there; all others treat both alike.
 */
export class AuthorizedImages {
  readonly #cache: ImageCache;
  readonly #authorize: ExpressImageCacheOptions['authorize'];
  readonly #logger: HttpContext['logger'];
  #events: EventLog | undefined;

  constructor({ cache, authorize, logger }: Pick<HttpContext, 'cache' | 'authorize' | 'logger'>) {
    this.#cache = cache;
    this.#authorize = authorize;
    this.#logger = logger;
  }

  /** True if every request that reaches the API may see every image. */
  get areOpen(): boolean {
    return this.#authorize === undefined;
  }

  /** An image in memory; `undefined` also if the hook has to be asked. This is the hot path, without a promise. */
  peek(path: string): CachedImage | undefined {
    return this.#authorize === undefined ? this.#cache.peek(path) : undefined;
  }

  /**
   * A request that may not see the image changes nothing: the image is not read, and its time of the last use stays.
   * @throws ImageCacheError NOT_AUTHORIZED, and what `ImageCache.readPath` throws
   */
  async readPath(request: IncomingMessage, path: string, options: ReadOptions): Promise<CachedImage> {
    const known = this.#authorize && (await this.#cache.findPath(path));
    if (known !== undefined) await this.#ensure(request, known, options);
    const inMemory = options.asFile === true ? undefined : this.#cache.peek(path);
    const image = inMemory ?? (await this.#cache.readPath(path, options));
    if (image.tier === 'disk') options.timeline?.mark('read');
    if (image.entry !== known) await this.#ensure(request, image.entry, options);
    return image;
  }

  /** @throws ImageCacheError NOT_AUTHORIZED, and what `ImageCache.readUrl` throws */
  async readUrl(request: IncomingMessage, asked: ImageRef, options: ReadOptions): Promise<CachedImage> {
    await this.#ensureRef(request, asked, options);
    const image = await this.#cache.readUrl(asked, options);
    if (image.tier === 'disk' && image.outcome !== 'REVALIDATED') options.timeline?.mark('read');
    await this.#ensure(request, image.entry, options);
    return image;
  }

  /** @throws ImageCacheError NOT_AUTHORIZED, and what `ImageCache.readVariant` throws */
  async readVariant(request: IncomingMessage, asked: AskedRef, spec: VariantSpec): Promise<SizedImage> {
    if ('url' in asked) await this.#ensureRef(request, asked.url, asked);
    const permit = (entry: ManifestEntry) => this.#ensure(request, entry, asked);
    const sized = await this.#cache.readVariant(asked, spec, permit);
    if (sized.origin === 'made') asked.timeline?.mark('variant');
    else if (sized.tier === 'disk') asked.timeline?.mark('read');
    await permit(sized.entry); // the entry may have been replaced meanwhile
    return sized;
  }

  /** The object behind a URL. @throws ImageCacheError for a URL that is not in a configured bucket */
  identify(url: string): ImageRef {
    return this.#cache.identify(url);
  }

  /** The entry of a cached image. @throws ImageCacheError for a URL that is not in a configured bucket */
  async find(request: IncomingMessage, image: { url: string } | { path: string }): Promise<ManifestEntry | undefined> {
    const entry = await ('path' in image ? this.#cache.findPath(image.path) : this.#findUrl(request, image.url));
    return entry !== undefined && (await this.#isAllowed(request, entry)) ? entry : undefined;
  }

  /** The entries of many URLs, or paths of images. The hook is asked once for each entry of a URL. */
  async lookup(request: IncomingMessage, names: readonly string[]): Promise<(ManifestEntry | undefined)[]> {
    if (names.every(isAbsolute)) return this.#lookupUrls(request, names);
    const byUrl = await this.#lookupUrls(request, names.filter(isAbsolute));
    const byPath = await Promise.all(
      names.flatMap((name) => (isAbsolute(name) ? [] : this.find(request, { path: name }))),
    );
    return names.map((name) => (isAbsolute(name) ? byUrl : byPath).shift());
  }

  async #lookupUrls(request: IncomingMessage, urls: readonly string[]): Promise<(ManifestEntry | undefined)[]> {
    if (this.#authorize === undefined) return this.#cache.lookup(urls);
    const askable = await Promise.all(urls.map((url) => this.#mayLookUp(request, url)));
    const found = await this.#cache.lookup(urls.filter((_, index) => askable[index]));
    const entries = askable.map((isAskable) => (isAskable ? found.shift() : undefined));
    const distinct = [...new Set(entries)].filter((entry) => entry !== undefined);
    const answers = await Promise.all(distinct.map((entry) => this.#isAllowed(request, entry)));
    const visible = new Set(distinct.filter((_, index) => answers[index]));
    return entries.map((entry) => (entry !== undefined && visible.has(entry) ? entry : undefined));
  }

  /** Downloads an image unless it is cached. Never rejects: a refusal is also a result. */
  async prefetch(
    request: IncomingMessage,
    image: PrefetchImage,
    actorId: string,
    options: PrefetchOptions,
  ): Promise<PrefetchResult> {
    // Without a hook there is nothing to wait for, and the URL is identified in this turn of the event loop.
    const refused = this.#authorize && (await this.#refusal(request, image.s3_url, actorId));
    const result = refused ?? (await this.#prefetchAllowed(request, image, actorId, options));
    return 'entry' in result ? { ...result, entry: publicEntry(result.entry) } : result;
  }

  /** Keeps a running download from being aborted. It reveals nothing and starts nothing, so the hook is not asked. */
  hold(url: string): () => void {
    return this.#cache.hold(url);
  }

  /** The manifest as text in chunks. */
  manifest(request: IncomingMessage, actorId: string | undefined): Promise<AsyncIterable<string>> {
    const filter = this.#authorize && ((entry: ManifestEntry) => this.#isAllowed(request, entry));
    return this.#cache.manifest(actorId, filter);
  }

  /** The events of the cache since the first reader, as no reader needs older ones. Send only what {@link shown} returns. */
  get events(): EventLog {
    if (this.#events === undefined) this.#cache.watch((this.#events = new EventLog()));
    return this.#events;
  }

  /** The part of an event that may be shown. Every reader may know that everything was cleared, but not which images there were. */
  async shown(request: IncomingMessage, { event, entries }: LoggedEvent): Promise<CacheEvent | undefined> {
    if (event === undefined || event === 'recovered') return undefined; // they name no image
    if (this.#authorize === undefined) return event;
    // If the hook throws for one event, the other events must still be sent.
    const isAllowed = (entry: ManifestEntry) => this.#isAllowed(request, entry).catch(() => false);
    const allowed = await Promise.all(entries.map(isAllowed));
    const s3_urls = entries.flatMap(({ s3_url }, index) => (allowed[index] ? [s3_url] : []));
    if (event.type === 'cleared' && event.actor_id === undefined) return { ...event, s3_urls };
    if (s3_urls.length === 0) return undefined;
    return event.type === 'stored' ? event : { ...event, s3_urls };
  }

  /** Asks the hook about the result's entry, too: it may belong to another actor than the request says, or have been adopted. */
  async #prefetchAllowed(
    request: IncomingMessage,
    image: PrefetchImage,
    actorId: string,
    options: PrefetchOptions,
  ): Promise<PrefetchResult> {
    const result = await this.#cache.prefetch(image, actorId, options);
    if (!('entry' in result) || this.#authorize === undefined) return result;
    try {
      await this.#ensure(request, result.entry);
      return result;
    } catch (error) {
      return { s3_url: result.s3_url, status: 'failed', error: ImageCacheError.from(error).toItem() };
    }
  }

  async #findUrl(request: IncomingMessage, url: string): Promise<ManifestEntry | undefined> {
    const ref = this.#cache.identify(url);
    return (await this.#mayLookFor(request, ref)) ? this.#cache.find(ref) : undefined;
  }

  async #mayLookUp(request: IncomingMessage, url: string): Promise<boolean> {
    const ref = this.#identified(url);
    return ref !== undefined && this.#mayLookFor(request, ref);
  }

  /** Whether to look for an image. If its entry is already known, the hook is not asked now, but when the entry is found. */
  async #mayLookFor(request: IncomingMessage, ref: ImageRef): Promise<boolean> {
    if (this.#authorize === undefined || (await this.#cache.known(ref)) !== undefined) return true;
    return this.#isAllowed(request, withoutEntry(ref));
  }

  #identified(url: string): ImageRef | undefined {
    try {
      return this.#cache.identify(url);
    } catch {
      return undefined; // it is not in a configured bucket
    }
  }

  /** The result of an image that the request may not see; `undefined` for all others, also for a URL that is not in a bucket. */
  async #refusal(request: IncomingMessage, url: string, actorId: string): Promise<PrefetchResult | undefined> {
    const ref = this.#identified(url);
    if (ref === undefined) return undefined;
    try {
      await this.#ensureRef(request, ref, { actorId });
      return undefined;
    } catch (error) {
      const failure = ImageCacheError.from(error);
      if (failure.code !== 'NOT_AUTHORIZED' && failure.code !== 'INTERNAL') return undefined;
      reportFailure(this.#logger, url, failure);
      return { s3_url: ref.key, status: 'failed', error: failure.toItem() };
    }
  }

  /**
   * Asks the hook before the image is looked for on disk, where a file without an entry would be adopted, and before it is
   * downloaded. So a request that is refused can neither find out whether the image is there, nor fill the cache.
   */
  async #ensureRef(request: IncomingMessage, ref: ImageRef, options: ReadOptions): Promise<void> {
    if (this.#authorize === undefined) return;
    await this.#ensure(request, (await this.#cache.known(ref)) ?? withoutEntry(ref, options.actorId), options);
  }

  async #ensure(request: IncomingMessage, image: LocatedImage, options: ReadOptions = {}): Promise<void> {
    if (this.#authorize === undefined) return;
    if (!(await this.#isAllowed(request, image)))
      throw new ImageCacheError('NOT_AUTHORIZED', 'You may not see this image.');
    options.timeline?.mark('authorize');
  }

  /**
   * Calls the hook. Everything that it learns about the object follows from `s3_url`, so it decides in the same way whether the
   * image is cached or not. @throws ImageCacheError INTERNAL when the hook throws
   */
  async #isAllowed(request: IncomingMessage, image: LocatedImage): Promise<boolean> {
    if (this.#authorize === undefined) return true;
    const objects = this.#cache.locate(image.s3_url);
    try {
      for (const object of objects) {
        if (!(await this.#authorize(request, { ...image, ...object }))) return false;
      }
      return objects.length > 0;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ImageCacheError('INTERNAL', `The option \`authorize\` threw: ${reason}`, { cause: error });
    }
  }
}

function withoutEntry({ key: s3_url, filename }: ImageRef, actor_id = DEFAULT_ACTOR_ID): LocatedImage {
  return { s3_url, filename, actor_id };
}

function isAbsolute(name: string): boolean {
  return /^[a-z][a-z\d+.-]*:/i.test(name);
}
