import { type FileHandle, open } from 'node:fs/promises';
import { TimeSlice } from '../../timeSlice.ts';
import type { BlobStore } from '../files/blobStore.ts';
import type { BlobWriter } from '../files/blobWriter.ts';
import { READ } from '../files/cautiousOpen.ts';
import { LineTooLongError, readLines } from '../manifest/lines.ts';
import { type PackedImage, parsePackLine } from './packEntry.ts';
import { invalid, type TarEntry } from './tar.ts';

/** Versions that only add fields to those we know. */
const READABLE = /^1\.\d{1,9}$/;
/** A line is an entry, whose actors and own fields have limits. */
const MAX_LINE_BYTES = 256 << 10;
/** 1,000,000 images need about half of it. */
export const MAX_MANIFEST_BYTES = 1 << 30;

export type ManifestListener = (image: PackedImage | undefined) => void;

/** Says which images a pack has to have, in `tmp/` on disk: in memory, a million of them would take half a gigabyte. */
export class PackManifest {
  readonly #writer: BlobWriter;
  readonly #file: FileHandle;
  /** Where the line of each image begins and ends: two numbers an image. */
  readonly #bounds: readonly number[];
  /** The line that was found last: files come in the order of the lines. */
  #found = -1;

  private constructor(writer: BlobWriter, file: FileHandle, bounds: readonly number[]) {
    this.#writer = writer;
    this.#file = file;
    this.#bounds = bounds;
  }

  /**
   * Reads the manifest of a pack.
   * @param look called with each image, and with `undefined` for a line that describes none
   * @throws ImageCacheError PACK_INVALID if it is none, or one of a later major version; and what `look` throws
   */
  static async read(entry: TarEntry, blobs: BlobStore, look: ManifestListener): Promise<PackManifest> {
    const writer = await blobs.createWriter();
    let file: FileHandle | undefined;
    try {
      for await (const chunk of entry.content) await writer.write([chunk]);
      await writer.finish(false);
      file = await open(writer.path, READ);
      return new PackManifest(writer, file, await survey(file, look));
    } catch (error) {
      await file?.close();
      await writer.discard();
      throw error instanceof LineTooLongError ? invalid(`Its manifest is none: ${error.message}.`) : error;
    }
  }

  /** Number of images. */
  get size(): number {
    return this.#bounds.length / 2;
  }

  /**
   * What the manifest says of the image with this path; `undefined` if that is nothing. It looks at the next line first, and then
   * searches, so that a file that has no business in the pack does not cost those after it.
   */
  async find(path: string): Promise<PackedImage | undefined> {
    const next = await this.#imageAt(this.#found + 1);
    if (next?.path === path) {
      this.#found += 1;
      return next;
    }
    let [low, high] = [0, this.size - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const image = await this.#imageAt(middle);
      if (image?.path === path) {
        this.#found = middle;
        return image;
      }
      if (image === undefined || image.path < path) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** Removes it from the disk. */
  async close(): Promise<void> {
    await this.#file.close();
    await this.#writer.discard();
  }

  async #imageAt(line: number): Promise<PackedImage | undefined> {
    const [start, end] = [this.#bounds[2 * line], this.#bounds[2 * line + 1]];
    if (start === undefined || end === undefined) return undefined;
    const { buffer } = await this.#file.read(Buffer.alloc(end - start), 0, end - start, start);
    return parsePackLine(buffer.toString('utf8'));
  }
}

/** Looks at each line once. Returns where the lines of images begin and end. */
async function survey(file: FileHandle, look: ManifestListener): Promise<number[]> {
  const bounds: number[] = [];
  let offset = 0;
  let isComplete = false;
  let last = '';
  const timeSlice = new TimeSlice();
  for await (const lines of readLines(file)) {
    for (const line of lines) {
      const end = offset + Buffer.byteLength(line);
      if (isComplete) throw invalid('Its manifest goes on behind its end.');
      if (offset === 0) ensureReadable(line);
      else if (line === '}}') isComplete = true;
      else {
        const image = end - offset > MAX_LINE_BYTES ? undefined : parsePackLine(line);
        if (image !== undefined) {
          if (image.path <= last) throw invalid('Its manifest is not sorted by path, or names a path twice.');
          last = image.path;
          bounds.push(offset, end);
        }
        look(image);
      }
      offset = end + 1;
      if (timeSlice.isOver) await timeSlice.yield();
    }
  }
  const { size } = await file.stat();
  if (!isComplete || offset !== size) throw invalid('Its manifest is cut short, or not in UTF-8.');
  return bounds;
}

function ensureReadable(line: string): void {
  const version = versionIn(line);
  if (version === undefined) throw invalid('Its first file is no manifest.');
  if (READABLE.test(version)) return;
  throw invalid(
    `Its manifest is of version ${version.slice(0, 20)}, and this one reads 1.x.`,
    'Update vite-plugin-image-cache, or make the pack with the version that you have.',
  );
}

/** The first line lacks the end of the object. */
function versionIn(line: string): string | undefined {
  try {
    const head: unknown = JSON.parse(`${line}}}`);
    const version = typeof head === 'object' && head !== null && 'version' in head ? head.version : undefined;
    return typeof version === 'string' && 'entries' in Object(head) ? version : undefined;
  } catch {
    return undefined;
  }
}
