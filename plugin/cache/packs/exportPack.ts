import { ImageCacheError } from '../../errors.ts';
import { MANIFEST_VERSION, type ManifestEntry, type PackProgress } from '../../protocol.ts';
import { TimeSlice } from '../../timeSlice.ts';
import { insidePath, MANIFEST_FILE, sha256 } from '../files/layout.ts';
import { readQuietly, sizeOf } from '../files/quietRead.ts';
import { formatLine } from '../manifest/snapshotLine.ts';
import { inBatches } from '../queue/batches.ts';
import { standAside } from '../queue/standAside.ts';
import { toPackEntry } from './packEntry.ts';
import { sortInSlices } from './sortInSlices.ts';
import { type TarFile, writeTar } from './tar.ts';

export interface ExportOptions {
  /** The cache directory. */
  dir: string;
  /** The entries to export, as they are now. */
  entries: readonly ManifestEntry[];
  /** The only actor of the pack. */
  actorId: string | undefined;
  /** True while a page waits for an image. */
  isBusy: () => boolean;
  signal: AbortSignal;
  onProgress: ((progress: PackProgress) => void) | undefined;
}

/** An image of a pack, and where its file is now. */
interface Packed {
  entry: ManifestEntry;
  /** Inside the cache directory. */
  file: string;
}

/** How long each image stands aside for images that pages wait for, at most. */
const MAX_YIELD_MS = 200;
/** Lines of the manifest in one chunk. */
const CHUNK_LINES = 100;

/**
 * Writes a pack: a tar of `manifest.json` and the files of its images, sorted by path. Besides the list of the images, only one of
 * them is in memory at a time.
 *
 * The manifest comes first, so it is written before the files are read. An image that is removed or replaced in between, by
 * whichever process, is listed without a file; both `importPack` and a cache on the unpacked directory pass over it.
 * @throws ImageCacheError ABORTED
 */
export function exportPack(options: ExportOptions): AsyncGenerator<Uint8Array, void, void> {
  return writeTar(filesOf(options));
}

async function* filesOf(options: ExportOptions): AsyncGenerator<TarFile, void, void> {
  const { dir, entries, isBusy, signal, onProgress } = options;
  const images = await packedImages(options);
  const progress: PackProgress = {
    checked: 0,
    total: images.length,
    size_bytes: 0,
    left_out: entries.length - images.length,
  };
  yield await manifestOf(images);
  onProgress?.({ ...progress });
  for (const { entry, file } of images) {
    await standAside(isBusy, MAX_YIELD_MS);
    ensureWanted(signal);
    const bytes = await readQuietly(dir, file, entry.size_bytes);
    progress.checked += 1;
    if (bytes === undefined || sha256(bytes) !== entry.sha256) progress.left_out += 1;
    else {
      progress.size_bytes += bytes.length;
      yield { path: entry.local_path, size: bytes.length, content: [bytes] };
    }
    onProgress?.({ ...progress });
  }
}

/** Sorted by path. Entries whose files are missing are left out. */
async function packedImages({ dir, entries, actorId, signal }: ExportOptions): Promise<Packed[]> {
  const found: Packed[] = [];
  const timeSlice = new TimeSlice();
  for (const batch of inBatches(entries)) {
    ensureWanted(signal);
    const sizes = await Promise.all(batch.map(({ local_path }) => sizeOf(dir, insidePath(local_path) ?? '')));
    for (const [at, known] of batch.entries()) {
      const entry = sizes[at] === known.size_bytes ? toPackEntry(known, actorId) : undefined;
      if (entry !== undefined) found.push({ entry, file: insidePath(known.local_path) ?? '' });
      if (timeSlice.isOver) await timeSlice.yield();
    }
  }
  const sorted = await sortInSlices(found, ({ entry }) => entry.local_path);
  // Two URLs can have one name if somebody has looked for such a pair.
  return sorted.filter(({ entry }, at) => entry.local_path !== sorted[at - 1]?.entry.local_path);
}

/** The text is made twice, because its length comes before it. */
async function manifestOf(images: readonly Packed[]): Promise<TarFile> {
  const head = await headOf(images);
  let size = 0;
  for await (const chunk of manifestText(head, images)) size += chunk.length;
  return { path: MANIFEST_FILE, size, content: manifestText(head, images) };
}

/** With the totals of the images; a file that several of them share counts once, as in the cache. */
async function headOf(images: readonly Packed[]): Promise<string> {
  const digests = new Set<string>();
  let bytes = 0;
  const timeSlice = new TimeSlice();
  for (const { entry } of images) {
    if (!digests.has(entry.sha256)) bytes += entry.size_bytes;
    digests.add(entry.sha256);
    if (timeSlice.isOver) await timeSlice.yield();
  }
  const totals = `"total_entries":${images.length},"total_size_bytes":${bytes}`;
  return `{"version":"${MANIFEST_VERSION}","last_updated":0,${totals},"entries":{`;
}

/** A `manifest.json` as the cache writes it, with one entry a line. */
async function* manifestText(head: string, images: readonly Packed[]): AsyncGenerator<Uint8Array, void, void> {
  yield Buffer.from(head);
  const timeSlice = new TimeSlice();
  for (let start = 0; start < images.length; start += CHUNK_LINES) {
    const lines = images.slice(start, start + CHUNK_LINES).map(({ entry }) => formatLine(entry));
    yield Buffer.from(`${start === 0 ? '\n' : ',\n'}${lines.join(',\n')}`);
    if (timeSlice.isOver) await timeSlice.yield();
  }
  yield Buffer.from('\n}}\n');
}

function ensureWanted(signal: AbortSignal): void {
  if (signal.aborted) throw new ImageCacheError('ABORTED', 'The export was aborted.');
}
