import { createHash } from 'node:crypto';
import { checksumOf, type Checksum } from './checksums.ts';
import type { CorsRule } from './cors.ts';
import { S3Error } from './errors.ts';

/** An object. It is never changed: a write replaces it. */
export interface StoredObject {
  readonly body: Buffer;
  /** The ETag, with its quotes. */
  readonly etag: string;
  /** Milliseconds since the epoch, but only whole seconds, because HTTP dates have no others. */
  readonly lastModified: number;
  /** Headers that are sent back as they were received: `content-type`, `cache-control`, `x-amz-meta-*`, … */
  readonly headers: Readonly<Record<string, string>>;
  readonly checksum: Checksum | undefined;
}

/** An object whose bytes are made when they are first needed. */
interface LazyObject {
  readonly lastModified: number;
  readonly contentType: string;
  produce(): Promise<Uint8Array>;
  /** Is set while the bytes are being made; all readers wait for it. */
  producing?: Promise<StoredObject>;
}

export interface Bucket {
  readonly name: string;
  readonly createdAt: number;
  cors: readonly CorsRule[];
  readonly objects: ObjectMap;
}

/** The attributes of an object in a write, besides the bytes. */
export interface ObjectAttributes {
  headers: Readonly<Record<string, string>>;
  /** @default the MD5 of the bytes */
  etag?: string;
  checksum?: Checksum | undefined;
}

/** The buckets, in memory. */
export class ObjectStore {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** All buckets, in the order of their names. */
  buckets(): Bucket[] {
    return [...this.#buckets.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  /** @throws S3Error NoSuchBucket */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw new S3Error('NoSuchBucket', { fields: { BucketName: name } });
    return bucket;
  }

  /** The bucket with that name, which is created if there is none. */
  create(name: string): Bucket {
    const existing = this.#buckets.get(name);
    if (existing !== undefined) return existing;
    const bucket: Bucket = { name, createdAt: this.#now(), cors: [], objects: new ObjectMap(this.#now) };
    this.#buckets.set(name, bucket);
    return bucket;
  }

  delete(name: string): void {
    this.#buckets.delete(name);
  }
}

/** The objects of one bucket. */
export class ObjectMap {
  readonly #objects = new Map<string, StoredObject | LazyObject>();
  readonly #now: () => number;
  /** The keys in S3's order; `undefined` if a key was added or removed since. */
  #sortedKeys: readonly string[] | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** The keys in the order of their UTF-8 bytes. JavaScript's own order differs beyond the BMP. */
  keys(): readonly string[] {
    return (this.#sortedKeys ??= [...this.#objects.keys()]
      .map((key) => ({ key, bytes: Buffer.from(key) }))
      .toSorted((a, b) => Buffer.compare(a.bytes, b.bytes))
      .map(({ key }) => key));
  }

  /** The object with that key. A lazy one is made now, once for all who request it meanwhile. */
  async get(key: string): Promise<StoredObject | undefined> {
    const entry = this.#objects.get(key);
    if (entry === undefined || !('produce' in entry)) return entry;
    entry.producing ??= this.#materialise(key, entry).finally(() => delete entry.producing);
    return entry.producing;
  }

  /** The current object with that key. A lazy object is not made, so its ETag is unknown, and empty. */
  peek(key: string): Pick<StoredObject, 'etag' | 'lastModified'> | undefined {
    const entry = this.#objects.get(key);
    return entry !== undefined && 'produce' in entry ? { etag: '', lastModified: entry.lastModified } : entry;
  }

  /** Stores synchronously, so that a check in the same tick is still valid. */
  put(key: string, body: Buffer, attributes: ObjectAttributes): StoredObject {
    const object = toStoredObject(body, attributes, this.#now());
    this.#set(key, object);
    return object;
  }

  putLazy(key: string, contentType: string, produce: () => Promise<Uint8Array>): void {
    this.#set(key, { lastModified: this.#now(), contentType, produce });
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#sortedKeys = undefined;
  }

  #set(key: string, entry: StoredObject | LazyObject): void {
    if (!this.#objects.has(key)) this.#sortedKeys = undefined;
    this.#objects.set(key, entry);
  }

  async #materialise(key: string, lazy: LazyObject): Promise<StoredObject> {
    const body = Buffer.from(await lazy.produce());
    const headers = { 'content-type': lazy.contentType };
    const object = toStoredObject(body, { headers, checksum: checksumOf('crc32', body) }, lazy.lastModified);
    // If the key was overwritten or deleted meanwhile, only this reader gets the object.
    if (this.#objects.get(key) === lazy) this.#objects.set(key, object);
    return object;
  }
}

function toStoredObject(body: Buffer, attributes: ObjectAttributes, now: number): StoredObject {
  return {
    body,
    etag: attributes.etag ?? `"${createHash('md5').update(body).digest('hex')}"`,
    lastModified: Math.floor(now / 1000) * 1000,
    headers: attributes.headers,
    checksum: attributes.checksum,
  };
}
