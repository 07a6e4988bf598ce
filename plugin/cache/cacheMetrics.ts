import { VERSION } from '../version.ts';
import type { CacheParts } from './createCacheParts.ts';
import type { FreeSpace } from './files/freeSpace.ts';
import type { ImageRef } from './injected/source.ts';
import { readTotals } from './manifest/manifestTotals.ts';
import type { Metric, Sample } from './reporting/metric.ts';
import type { StatsCounter } from './reporting/statsCounter.ts';

interface Measured<Ref extends ImageRef> {
  dir: string;
  parts: CacheParts<Ref>;
  stats: StatsCounter;
  freeSpace: FreeSpace;
  /** Bytes on disk at most. */
  maxSize: number;
}

/**
 * All measures of a cache. Reading them changes nothing: it opens no directory and creates none, so before the first request the images are
 * those of the snapshot that the last process has left.
 */
export async function readMetrics<Ref extends ImageRef>(measured: Measured<Ref>): Promise<Metric[]> {
  return [...counters(measured), ...(await gauges(measured))];
}

function counters<Ref extends ImageRef>({ stats, parts }: Measured<Ref>): Metric[] {
  const { measures } = stats;
  const variants = parts.variants.stats();
  return [
    counter('requests_total', 'Images that were served, by where they came from.', requests(stats)),
    counter('served_bytes_total', 'Bytes of images that were served.', by('tier', stats.bytes)),
    counter('downloads_total', 'Downloads from S3 that have ended.', measures.downloads.samples),
    counter('downloaded_bytes_total', 'Bytes of images that came from S3.', measures.downloadedBytes.samples),
    histogram(
      'download_duration_seconds',
      'Time from the first request to S3 until the image is stored.',
      measures.downloadTimes.entries.map(([bucket, value]) => ({ labels: { bucket }, value })),
    ),
    histogram(
      'queue_wait_seconds',
      'Time that downloads and revalidations have waited for their turn.',
      measures.queueTimes.entries.map(([urgency, value]) => ({ labels: { urgency }, value })),
    ),
    counter('revalidations_total', 'Answers of S3 to whether an image has changed.', by('result', stats.revalidations)),
    counter(
      'errors_total',
      'Answers of the API that were an error, and images of a prefetch that failed.',
      measures.errors.samples,
    ),
    counter('departures_total', 'Images that this process has removed, by reason.', measures.departures.samples),
    counter(
      'variants_total',
      'Images of another size or format that were asked for.',
      by('result', { hit: variants.hits, made: variants.made, failed: variants.failed }),
    ),
  ];
}

async function gauges<Ref extends ImageRef>({ dir, parts, freeSpace, maxSize }: Measured<Ref>): Promise<Metric[]> {
  const { manifest, memory, fetcher, variants, discovery } = parts;
  if (manifest.isOpen) manifest.lookAround();
  const { index } = manifest.store;
  const images = manifest.isOpen
    ? { images: index.size, bytes: index.totalBytes }
    : ((await readTotals(dir)) ?? { images: 0, bytes: 0 });
  const free = await freeSpace.read();
  const sizes = {
    originals: images.bytes,
    variants: variants.stats().size_bytes,
    unclaimed: discovery.unclaimed.totalBytes,
  };
  const queue = Object.entries(fetcher.count()).flatMap(([state, counts]) =>
    Object.entries(counts).map(([urgency, value]) => ({ labels: { state, urgency }, value })),
  );
  return [
    gauge('queue', 'Downloads and revalidations that wait, or that run.', queue),
    gauge('download_limit', 'Downloads in the background that may run at a time.', [{ value: fetcher.limit }]),
    gauge('entries', 'Images in the cache.', [{ value: images.images }]),
    gauge('size_bytes', 'Bytes on disk.', by('what', sizes)),
    gauge('max_size_bytes', 'The option maxSize: bytes on disk at most.', [{ value: maxSize }]),
    gauge('memory_bytes', 'Bytes of images in memory.', [{ value: memory.bytes }]),
    gauge('memory_max_bytes', 'The option memory.maxSize: bytes of images in memory at most.', [
      { value: memory.maxBytes },
    ]),
    gauge('disk_free_bytes', 'Free bytes of the disk.', free === undefined ? [] : [{ value: free }]),
    gauge('info', 'Always 1; its label is the version of the package.', [{ labels: { version: VERSION }, value: 1 }]),
  ];
}

/** Plain hits and misses are what is left of the counters of `/stats`, so that a hit in memory counts only once. */
function requests({ hits, misses, measures }: StatsCounter): Sample[] {
  const plain = { ...hits, s3: misses };
  const others = measures.outcomes.samples;
  for (const { labels, value } of others) plain[labels.tier] -= value;
  return [
    { labels: { tier: 'memory', outcome: 'hit' }, value: plain.memory },
    { labels: { tier: 'disk', outcome: 'hit' }, value: plain.disk },
    { labels: { tier: 's3', outcome: 'miss' }, value: plain.s3 },
    ...others.map(({ labels: { tier, outcome }, value }) => ({
      labels: { tier, outcome: outcome.toLowerCase() },
      value,
    })),
  ];
}

function by(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

const metric =
  (type: Metric['type']) =>
  (name: string, help: string, samples: readonly Sample[]): Metric => ({
    name: `image_cache_${name}`,
    help,
    type,
    samples,
  });

const counter = metric('counter');
const gauge = metric('gauge');
const histogram = metric('histogram');
