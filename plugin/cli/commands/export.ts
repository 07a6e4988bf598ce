import { createWriteStream } from 'node:fs';
import { realpath, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  cacheLocation,
  type ImageCache,
  MISSED_FILE,
  replaceFile,
  temporaryName,
  withoutQuery,
} from '../../cache/index.ts';
import { bytesText } from '../../doctor/index.ts';
import { ImageCacheError } from '../../errors.ts';
import type { PackProgress } from '../../protocol.ts';
import type { Arguments } from '../args.ts';
import { configure } from '../configuration.ts';
import { listedImages } from '../imageList.ts';
import { FINE, type Io, NOT_FINE } from '../io.ts';
import { clean, counted, toJson } from '../text.ts';
import { withCache } from '../withCache.ts';

/** Of the images that are not cached, so many are named. */
const MAX_NAMED = 20;
const TELL_EVERY = 1000;

/** Says 1 if the pack lacks an image that was asked for. */
export async function exportCommand(given: Arguments, io: Io): Promise<number> {
  const [target = '-'] = given.operands;
  if (target === '-' && io.showsData) {
    throw new ImageCacheError('INVALID_OPTION', 'A pack is no text for a terminal.', {
      hint: 'Name a file, or write it to a program: `image-cache export - | …`.',
    });
  }
  const { options, root } = await configure(given, io, isSelected(given) ? 'buckets' : 'directory');
  const list = given.missed ? join(cacheLocation(root, options.cacheDir).dir, MISSED_FILE) : given.urls;
  let writing: Promise<number> | undefined;
  try {
    return await withCache({ options, root }, io, 'must exist', async (cache) => {
      const urls = list === undefined ? undefined : await cachedOf(cache, list, io);
      writing = write(cache, { target, urls: urls?.cached, given }, io);
      const leftOut = await writing;
      return leftOut + (urls?.absent ?? 0) > 0 ? NOT_FINE : FINE;
    });
  } finally {
    await writing?.catch(() => undefined); // after Ctrl+C it still removes its half-written file
  }
}

const isSelected = ({ urls, missed }: Arguments): boolean => urls !== undefined || missed;

/** The canonical URLs of the listed images that are cached. The others are named. */
async function cachedOf(cache: ImageCache, list: string, io: Io): Promise<{ cached: string[]; absent: number }> {
  const urls: string[] = [];
  for await (const { url } of listedImages(list, io)) urls.push(url);
  const entries = await cache.lookup(urls);
  const absent = urls.filter((_, at) => entries[at] === undefined);
  for (const url of absent.slice(0, MAX_NAMED)) io.say(`not cached: ${clean(withoutQuery(url))}`);
  if (absent.length > MAX_NAMED) io.say(`and ${counted(absent.length - MAX_NAMED, 'other')}`);
  const cached = entries.filter((entry) => entry !== undefined).map(({ s3_url }) => s3_url);
  return { cached, absent: absent.length };
}

interface PackRequest {
  target: string;
  urls: readonly string[] | undefined;
  given: Arguments;
}

/** Returns how many images were left out. */
async function write(cache: ImageCache, { target, urls, given }: PackRequest, io: Io): Promise<number> {
  let progress: PackProgress = { checked: 0, total: 0, size_bytes: 0, left_out: 0 };
  const pack = cache.exportPack({
    actorId: given.actor,
    urls,
    signal: io.signal,
    onProgress(latest) {
      progress = latest;
      if (io.isInteractive && latest.checked % TELL_EVERY === 0) io.say(`${latest.checked} of ${latest.total}`);
    },
  });
  if (target === '-') for await (const chunk of pack) await io.write(chunk);
  else await writeFile(pack, await fileAt(target, io));
  const { checked, size_bytes, left_out } = progress;
  const text = `${counted(checked - left_out, 'image')}, ${bytesText(size_bytes)}${left_out === 0 ? '' : `; ${left_out} without a good file were left out`}`;
  if (target === '-') io.say(text);
  else await io.print(given.json ? toJson({ images: checked - left_out, size_bytes, left_out }) : text);
  return left_out;
}

/**
 * The file that a pack is written to; of a link, the one that it leads to.
 * @throws ImageCacheError INVALID_OPTION for what is no file: the pack would take the place of a device or a pipe, such as `/dev/null`
 */
async function fileAt(target: string, { cwd }: Pick<Io, 'cwd'>): Promise<string> {
  const path = resolve(cwd, target);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return path;
  if (found.isFile()) return realpath(path);
  throw new ImageCacheError('INVALID_OPTION', `${target} is no file, but something else.`, {
    hint: 'Name a file, or write the pack to a program: `image-cache export - | …`.',
  });
}

/** The file appears when it is whole. Like the cache itself, it is for its owner only. */
async function writeFile(pack: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const half = join(dirname(path), temporaryName());
  try {
    await pipeline(pack, createWriteStream(half, { flags: 'wx', mode: 0o600 }));
    await replaceFile(half, path);
  } catch (error) {
    await rm(half, { force: true });
    if (error instanceof ImageCacheError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImageCacheError('INVALID_OPTION', `${path} cannot be written: ${reason}`, {
      hint: 'Name a file in a directory that exists and can be written.',
    });
  }
}
