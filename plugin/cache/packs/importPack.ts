import type { ImageCacheError } from '../../errors.ts';
import type { ImportAnswer, PackProgress } from '../../protocol.ts';
import { redact } from '../../redact.ts';
import { fileError } from '../files/fileError.ts';
import { MANIFEST_FILE, parseImagePath } from '../files/layout.ts';
import type { ImageRef } from '../injected/source.ts';
import { standAside } from '../queue/standAside.ts';
import { ensureSpace, faultOfOne, ImageImport, type ImportContext, mismatch } from './importImage.ts';
import { ImportRoom, tooLarge } from './importRoom.ts';
import { checkPackedImage, type PackedImage } from './packEntry.ts';
import { MAX_MANIFEST_BYTES, PackManifest } from './packManifest.ts';
import { type Allowance, invalid, readTar, type TarEntry } from './tar.ts';

export interface ImportCall {
  input: AsyncIterable<Uint8Array>;
  signal: AbortSignal;
  onProgress: ((progress: PackProgress) => void) | undefined;
}

const MAX_PROBLEMS = 1000;
/** How much of a path that is not ours is told. */
const MAX_SHOWN = 200;
/** Of an image in a tar: its header, an extended one with its content, and what fills up its last block. */
const OVERHEAD_BYTES = 4 * 512;
/** For the end of the tar, and files that have no business in it. */
const SLACK_BYTES = 64 << 20;
/** How long each image stands aside for images that pages wait for, at most. */
const MAX_YIELD_MS = 200;

/**
 * Takes the images of a pack into the cache. It believes nothing that the pack says: each image must be one that this cache could
 * have fetched by itself, and is stored like a download. So a process that is killed leaves whole images only, and repeating an
 * import costs no more than reading the pack.
 */
export class PackImport<Ref extends ImageRef> {
  readonly #context: ImportContext<Ref>;
  readonly #call: ImportCall;
  readonly #images: ImageImport<Ref>;
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
  /** Paths come in order, so one that does not follow the last one has come before. */
  #lastPath = '';

  constructor(context: ImportContext<Ref>, call: ImportCall) {
    this.#context = context;
    this.#call = call;
    this.#images = new ImageImport(context, {
      imported: ({ size }) => {
        this.#answer.imported += 1;
        this.#answer.size_bytes += size;
      },
      known: () => {
        this.#answer.known += 1;
      },
      refused: ({ path }, error) => this.#refuse(path, error),
    });
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
        await this.#images.settled();
        this.#answer.absent = Math.max(0, manifest.size - this.#found);
        return this.#answer;
      } finally {
        await this.#images.settled().catch(() => undefined);
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
    ensureSpace(await missingSpace(entry.size));
    allowance.bytes += entry.size;
    const room = new ImportRoom(store.index, limits);
    let bytes = 0;
    let line = 1;
    const manifest = await PackManifest.read(entry, blobs, (image) => {
      line += 1;
      if (image === undefined) return this.#refuse(MANIFEST_FILE, mismatch(`Its line ${line} describes no image`));
      bytes += image.size + OVERHEAD_BYTES;
      room.add(image);
    });
    try {
      room.ensure(otherBytes());
      ensureSpace(await missingSpace(room.bytes));
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
      await this.#images.take(image, ref, entry.content);
    } catch (error) {
      this.#refuse(entry.path, faultOfOne(error));
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
