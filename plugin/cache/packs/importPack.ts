import { createHash } from 'node:crypto';
import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode, ImportAnswer, ManifestEntry, PackProgress } from '../../protocol.ts';
import { redact } from '../../redact.ts';
import type { BlobStore } from '../files/blobStore.ts';
import { fileError } from '../files/fileError.ts';
import { MANIFEST_FILE, parseImagePath } from '../files/layout.ts';
import { ImageSink } from '../fetch/imageSink.ts';
import { Scratch } from '../fetch/scratch.ts';
import type { Inspector } from '../injected/inspector.ts';
import type { ImageRef } from '../injected/source.ts';
import { canClaim, originalDigest, withActors } from '../manifest/manifestEntry.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import { standAside } from '../queue/standAside.ts';
import type { Commit, Committer, PendingWrite } from '../store/commit.ts';
import { newEntry } from '../store/newEntry.ts';
import { InFlight } from './inFlight.ts';
import { type ImportLimits, ImportRoom, tooLarge } from './importRoom.ts';
import { checkPackedImage, type PackedImage, provenEtag } from './packEntry.ts';
import { MAX_MANIFEST_BYTES, PackManifest } from './packManifest.ts';
import { type Allowance, invalid, readTar, type TarEntry } from './tar.ts';

export interface ImportContext<Ref extends ImageRef> {
  store: ManifestStore;
  blobs: BlobStore;
  committer: Committer;
  identify: (url: string) => Ref;
  inspect: Inspector;
  /** Makes room for an image, and then stores it. Images of a pack that fits need none. */
  admit: (entry: ManifestEntry, store: () => Promise<Commit>) => Promise<Commit>;
  /** Maximum size of an image of this actor, in bytes. */
  maxBytesOf: (actorId: string) => number;
  limits: ImportLimits;
  /** Bytes in the directory that are no images of the manifest. */
  otherBytes: () => number;
  /** Bytes of free space that the disk lacks when so many more are written. */
  missingSpace: (bytes: number) => Promise<number>;
  /** True while a page waits for an image. */
  isBusy: () => boolean;
  now: () => number;
  fsync: boolean;
}

export interface ImportCall {
  input: AsyncIterable<Uint8Array>;
  signal: AbortSignal;
  onProgress: ((progress: PackProgress) => void) | undefined;
}

const MAX_PROBLEMS = 1000;
/** How much of a path that is not ours is told. */
const MAX_SHOWN = 200;
/** Images that are synced and written to the journal at a time, so that they share the waits for the disk. */
const COMMITS = 8;
/** Of an image in a tar: its header, an extended one with its content, and what fills up its last block. */
const OVERHEAD_BYTES = 4 * 512;
/** For the end of the tar, and files that have no business in it. */
const SLACK_BYTES = 64 << 20;
/** How long each image stands aside for images that pages wait for, at most. */
const MAX_YIELD_MS = 200;

/** What is wrong with one file, and does not concern the others. */
const OF_ONE_FILE: ReadonlySet<ErrorCode> = new Set([
  'PACK_MISMATCH',
  'PACK_CONFLICT',
  'INVALID_URL',
  'INVALID_URL_SCHEME',
  'INVALID_PATH',
  'INVALID_ACTOR_ID',
  'HOST_NOT_ALLOWED',
  'IMAGE_TOO_LARGE',
  'NOT_AN_IMAGE',
  'UNSUPPORTED_TYPE',
  'UPSTREAM_TRUNCATED',
]);

/**
 * Takes the images of a pack into the cache. It believes nothing that the pack says: each image must be one that this cache could
 * have fetched by itself, and is stored like a download. So a process that is killed leaves whole images only, and repeating an
 * import costs no more than reading the pack.
 */
export class PackImport<Ref extends ImageRef> {
  readonly #context: ImportContext<Ref>;
  readonly #call: ImportCall;
  readonly #scratch = new Scratch();
  readonly #commits = new InFlight(COMMITS);
  readonly #answer: ImportAnswer = {
    done: true,
    total: 0,
    imported: 0,
    size_bytes: 0,
    known: 0,
    absent: 0,
    refused: 0,
    problems: [],
  };
  /** Files of images in the manifest so far. */
  #found = 0;
  /** Images that are being committed. */
  readonly #pending = new Set<PackedImage>();
  /** Paths come in order, so one that does not follow the last one has come before. */
  #lastPath = '';

  constructor(context: ImportContext<Ref>, call: ImportCall) {
    this.#context = context;
    this.#call = call;
  }

  /**
   * @returns how many images were taken, and which were not, and why
   * @throws ImageCacheError PACK_INVALID, PACK_TOO_LARGE, CACHE_DISK_FULL, CACHE_UNWRITABLE, ABORTED, or what the input throws; what was
   * imported until then stays
   */
  async run(): Promise<ImportAnswer> {
    const { input, signal } = this.#call;
    const allowance: Allowance = { bytes: SLACK_BYTES };
    const entries = readTar(input, allowance, signal);
    try {
      const { value: first, done } = await entries.next();
      if (done === true) throw invalid('It is empty.');
      const manifest = await this.#readManifest(first, allowance);
      try {
        for await (const entry of entries) await this.#take(entry, manifest);
        await this.#commits.settled();
        this.#answer.absent = Math.max(0, manifest.size - this.#found);
        return this.#answer;
      } finally {
        await this.#commits.settled().catch(() => undefined);
        await manifest.close();
      }
    } catch (error) {
      throw fileError(error);
    } finally {
      await entries.return();
    }
  }

  /** Reads what there should be, and makes sure that all of it fits, before anything is stored. */
  async #readManifest(entry: TarEntry, allowance: Allowance): Promise<PackManifest> {
    const { store, blobs, limits, otherBytes, missingSpace } = this.#context;
    if (entry.path !== MANIFEST_FILE || entry.oddity !== undefined)
      throw invalid('Its first file is not `manifest.json`.');
    if (entry.size > MAX_MANIFEST_BYTES) throw tooLarge('a manifest of more than 1 GB');
    this.#ensureSpace(await missingSpace(entry.size));
    allowance.bytes += entry.size;
    const room = new ImportRoom(store.index, limits);
    let bytes = 0;
    const manifest = await PackManifest.read(entry, blobs, (image) => {
      if (image === undefined) return this.#refuse(MANIFEST_FILE, mismatch('One of its lines describes no image'));
      bytes += image.size + OVERHEAD_BYTES;
      room.add(image);
    });
    try {
      room.ensure(otherBytes());
      this.#ensureSpace(await missingSpace(room.bytes));
    } catch (error) {
      await manifest.close();
      throw error;
    }
    allowance.bytes += bytes;
    this.#answer.total = manifest.size;
    return manifest;
  }

  async #take(entry: TarEntry, manifest: PackManifest): Promise<void> {
    await standAside(this.#context.isBusy, MAX_YIELD_MS);
    try {
      const image = await this.#imageOf(entry, manifest);
      const ref = checkPackedImage(image, this.#context.identify);
      this.#ensureSize(image);
      if (!(await this.#isKnown(image))) await this.#receive(entry, image, ref);
    } catch (error) {
      if (!(error instanceof ImageCacheError && OF_ONE_FILE.has(error.code))) throw error;
      this.#refuse(entry.path, error);
    }
    await entry.skip();
    this.#tell();
  }

  /** What the manifest says about the file. The path is only looked up. */
  async #imageOf({ path, size, oddity }: TarEntry, manifest: PackManifest): Promise<PackedImage> {
    const image = parseImagePath(path) === undefined ? undefined : await manifest.find(path);
    if (image === undefined) throw mismatch('The manifest of the pack has no image with this path');
    if (path <= this.#lastPath) throw mismatch('It comes twice, or out of order');
    this.#lastPath = path;
    this.#found += 1;
    if (oddity !== undefined) throw mismatch(`It ${oddity}`);
    if (size !== image.size) throw mismatch(`It has ${size} bytes, and the manifest of the pack says ${image.size}`);
    return image;
  }

  #ensureSize({ size, actors }: PackedImage): void {
    const maxBytes = this.#context.maxBytesOf(actors[0] ?? '');
    if (size <= maxBytes) return;
    throw new ImageCacheError('IMAGE_TOO_LARGE', `The image has ${size} bytes, and ${maxBytes} are allowed.`, {
      hint: 'Raise `maxImageSize`, or the quota of the actor.',
    });
  }

  /**
   * True if the cache has these bytes already. What S3 has sent is not replaced by what a pack says; what an earlier pack said is.
   * @throws ImageCacheError PACK_CONFLICT
   */
  async #isKnown({ s3_url, sha256, actors }: PackedImage): Promise<boolean> {
    const { store, blobs } = this.#context;
    const known = store.index.get(s3_url);
    if (known === undefined) return false;
    if (!(await blobs.has(known))) {
      await store.append({ op: 'delete', keys: [s3_url], reason: 'missing' });
      return false;
    }
    if (known.sha256 === sha256 || originalDigest(known) === sha256) {
      await this.#claim(s3_url, actors);
      this.#answer.known += 1;
      return true;
    }
    if (known.validated_at === 0) return false;
    throw conflict();
  }

  async #claim(key: string, actors: readonly string[]): Promise<void> {
    const { store } = this.#context;
    for (const actor of actors) {
      const entry = store.index.get(key);
      if (entry !== undefined && canClaim(entry, actor, store.index.pinnedActors)) {
        await store.append({ op: 'claim', key, actor });
      }
    }
  }

  /** Writes the bytes to a temporary file, and checks them. They are stored while the next image is read. */
  async #receive(entry: TarEntry, image: PackedImage, ref: Ref): Promise<void> {
    const { blobs, committer, inspect, missingSpace } = this.#context;
    this.#ensureSpace(await missingSpace(image.size));
    const write = committer.begin(ref.key, image.actors[0] ?? '');
    const sink = new ImageSink({
      createWriter: () => blobs.createWriter(),
      inspect,
      scratch: this.#scratch,
      maxBytes: image.size,
      yieldToForeground: () => undefined,
    });
    const md5 = createHash('md5');
    try {
      for await (const chunk of entry.content) {
        md5.update(chunk);
        await sink.write(chunk);
      }
      await sink.complete('announced'); // by the digest in its name
      await this.#ensureFits(image);
    } catch (error) {
      committer.end(write);
      await sink.discard();
      throw error;
    }
    this.#pending.add(image);
    await this.#commits.add(async () => {
      try {
        await this.#store({ sink, image, ref, write, etag: provenEtag(image.etag, md5.digest('hex')) });
      } catch (error) {
        if (!(error instanceof ImageCacheError && OF_ONE_FILE.has(error.code))) throw error;
        this.#refuse(image.path, error);
      } finally {
        this.#pending.delete(image);
        committer.end(write);
        await sink.discard();
      }
    });
  }

  async #store({ sink, image, ref, write, etag }: Received<Ref>): Promise<void> {
    const { store, committer, admit, now, fsync } = this.#context;
    const blob = await sink.finish(fsync);
    if (blob.sha256 !== image.sha256) throw mismatch('Its bytes are not those that its name says');
    const [actorId = ''] = image.actors;
    const { key, filename } = ref;
    const fresh = newEntry({ key, filename, actorId, etag, blob, image: sink.image, at: now() });
    const entry: ManifestEntry = {
      ...withActors(fresh, image.actors),
      validated_at: 0,
      ...(image.meta !== undefined && { meta: image.meta }),
    };
    await store.refresh(); // another process may have stored or replaced it meanwhile
    const known = store.index.get(key);
    const isReplaced = known !== undefined && known.sha256 !== entry.sha256;
    if (isReplaced && known.validated_at !== 0) throw conflict(); // S3 has sent it meanwhile
    const commit = await admit(entry, () =>
      isReplaced ? committer.replace(write, { known, entry, blob }) : committer.put(write, entry, blob),
    );
    if (commit.status !== 'stored') return; // it was removed meanwhile, or stored by somebody else
    if (isReplaced) await this.#claim(key, image.actors);
    this.#answer.imported += 1;
    this.#answer.size_bytes += blob.size;
  }

  /** Holds also if the manifest lied, or other images were stored meanwhile: nothing is evicted for a pack. */
  async #ensureFits({ sha256, size }: PackedImage): Promise<void> {
    const { store, limits, otherBytes } = this.#context;
    const pending = [...this.#pending];
    if (pending.some((image) => image.sha256 === sha256)) await this.#commits.settled(); // to share its file
    const { index } = store;
    if (index.getByDigest(sha256) !== undefined) return;
    const arriving = pending.filter((image) => index.getByDigest(image.sha256) === undefined);
    const bytes = arriving.reduce((sum, image) => sum + image.size, index.totalBytes + otherBytes() + size);
    if (bytes > limits.maxSize) throw tooLarge('more bytes than `maxSize` leaves room for by now');
  }

  #ensureSpace(missing: number): void {
    if (missing === 0) return;
    throw new ImageCacheError(
      'CACHE_DISK_FULL',
      'The disk has no room for the pack beside the free space that `minFreeSpace` asks for.',
      {
        hint: `Free ${missing} bytes, or lower \`minFreeSpace\`. Everything cached so far is intact.`,
      },
    );
  }

  #refuse(path: string, error: ImageCacheError): void {
    const { problems } = this.#answer;
    this.#answer.refused += 1;
    if (problems.length < MAX_PROBLEMS) problems.push({ path: redact(path.slice(0, MAX_SHOWN)), ...error.toItem() });
  }

  #tell(): void {
    const { total, size_bytes, refused } = this.#answer;
    this.#call.onProgress?.({ checked: this.#found, total, size_bytes, left_out: refused });
  }
}

/** An image that has arrived in a temporary file. */
interface Received<Ref extends ImageRef> {
  sink: ImageSink;
  image: PackedImage;
  ref: Ref;
  write: PendingWrite;
  etag: string;
}

function conflict(): ImageCacheError {
  return new ImageCacheError('PACK_CONFLICT', 'The cache has other bytes of this image, which S3 has sent.', {
    hint: 'They stay. To have those of the pack instead, invalidate the image, and import the pack again.',
  });
}

function mismatch(what: string): ImageCacheError {
  return new ImageCacheError('PACK_MISMATCH', `${what}.`, {
    hint: 'The pack was changed or damaged after it was made. The other images are not concerned.',
  });
}
