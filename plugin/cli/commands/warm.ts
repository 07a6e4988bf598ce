import { DEFAULT_ACTOR_ID, type ImageCache } from '../../cache/index.ts';
import { offlineRefusal } from '../../offline.ts';
import type { PrefetchResult } from '../../protocol.ts';
import { TimeSlice } from '../../timeSlice.ts';
import type { Arguments } from '../args.ts';
import { configure } from '../configuration.ts';
import { type ListedImage, listedImages } from '../imageList.ts';
import { FINE, INTERRUPTED, type Io, NOT_FINE } from '../io.ts';
import { clean, toJson } from '../text.ts';
import { withCache } from '../withCache.ts';

/** Images at a time. */
const LANES = 16;
const TELL_EVERY = 1_000;

interface Counts {
  total: number;
  cached: number;
  downloaded: number;
  failed: number;
  /** How many failed with each code. */
  codes: Record<string, number>;
}

/** Of a hundred thousand lines, sixteen are in memory. Each image that fails is named, by its URL without the signature. */
export async function warmCommand(given: Arguments, io: Io): Promise<number> {
  const configuration = await configure(given, io, 'buckets');
  if (configuration.options.offline) throw offlineRefusal('Images are not downloaded');
  const [file = '-'] = given.operands;
  if (file === '-' && io.isInteractive) io.say('Reads URLs, one a line, until Ctrl+D.');
  return withCache(
    { ...configuration, options: { ...configuration.options, logLevel: 'silent' } },
    io,
    'may be made',
    async (cache) => {
      const counts = await warm(cache, listedImages(file, io), given, io);
      if (io.signal.aborted) return INTERRUPTED;
      await io.print(given.json ? toJson({ done: true, ...counts }) : summary(counts));
      return counts.failed > 0 ? NOT_FINE : FINE;
    },
  );
}

async function warm(
  cache: ImageCache,
  images: AsyncGenerator<ListedImage, void, void>,
  given: Arguments,
  io: Io,
): Promise<Counts> {
  const counts: Counts = { total: 0, cached: 0, downloaded: 0, failed: 0, codes: {} };
  const timeSlice = new TimeSlice();
  const defaultActor = given.actor ?? DEFAULT_ACTOR_ID;

  async function one({ actor = defaultActor, url }: ListedImage): Promise<void> {
    const result = await cache.prefetch({ s3_url: url }, actor, { signal: io.signal });
    if (io.signal.aborted) return;
    counts.total += 1;
    counts[result.status] += 1;
    if (result.status === 'failed') counts.codes[result.error.code] = (counts.codes[result.error.code] ?? 0) + 1;
    if (given.json) await io.print(toJson(shortened(result, actor)));
    else if (result.status === 'failed')
      await io.print(`${result.error.code} ${clean(result.s3_url)}: ${clean(result.error.detail)}`);
    else if (counts.total % TELL_EVERY === 0) io.say(`${counts.total.toLocaleString('en')} so far`);
  }

  async function lane(): Promise<void> {
    for (;;) {
      if (timeSlice.isOver) await timeSlice.yield(); // lines that are no URLs would keep all else waiting
      const { value: image, done } = await images.next();
      if (done === true || io.signal.aborted) return;
      await one(image);
    }
  }

  await Promise.all(Array.from({ length: LANES }, lane));
  return counts;
}

function shortened(result: PrefetchResult, actor_id: string): object {
  if (result.status === 'failed') return { s3_url: result.s3_url, actor_id, status: result.status, ...result.error };
  const { local_path, size_bytes } = result.entry;
  return { s3_url: result.s3_url, actor_id, status: result.status, local_path, size_bytes };
}

function summary({ total, cached, downloaded, failed, codes }: Counts): string {
  const reasons = Object.entries(codes).map(([code, count]) => `${count} ${code}`);
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  return `${total} images: ${downloaded} downloaded, ${cached} cached before, ${failed} failed${why}`;
}
