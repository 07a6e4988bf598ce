import { arch, release } from 'node:os';
import type { ResolvedBucket } from '../options.ts';
import type { DoctorCheck } from '../inspectorProtocol.ts';
import { VERSION } from '../version.ts';
import type { Installation } from './installation.ts';
import { bytesText, durationText } from './texts.ts';

/** Services that are known by their host; all other servers are private. */
const SERVICES: readonly (readonly [host: RegExp, name: string])[] = [
  [/\.r2\.cloudflarestorage\.com$/, 'Cloudflare R2'],
  [/(?:^|\.)storage\.googleapis\.com$/, 'Google Cloud Storage'],
  [/\.digitaloceanspaces\.com$/, 'Spaces'],
  [/\.wasabisys\.com$/, 'Wasabi'],
  [/\.backblazeb2\.com$/, 'Backblaze B2'],
  [/\.scw\.cloud$/, 'Scaleway'],
  [/\.blob\.core\.windows\.net$/, 'Azure'],
  [/\.supabase\.co$/, 'Supabase'],
  [/(?:^|\.)amazonaws\.com(?:\.cn)?$/, 'AWS'],
];

const RUNNERS: Record<Installation['server']['kind'], string> = {
  vite: 'imageCache()',
  express: 'createImageCache()',
  command: 'command line',
};

/** What the text counts. */
interface Counts {
  images: number;
  bytes: number;
  /** `missing`, if it is not installed. */
  sharp: string;
}

/** Looks these up, while the checks run. Never rejects. */
export async function countFor({ cache, probes }: Installation): Promise<Counts> {
  const [totals, sharp] = await Promise.all([
    cache.totals().catch(() => ({ images: 0, bytes: 0 })),
    probes.findSharp().catch(() => undefined),
  ]);
  return { ...totals, sharp: sharp?.version ?? 'missing' };
}

/**
 * Text to paste into an issue. Buckets are numbered, since their names may contain an account; nothing of keys, actors, credentials and
 * private hosts is in it.
 * @param counts `undefined` if they could not be looked up in time
 */
export function environmentText(
  installation: Installation,
  checks: readonly DoctorCheck[],
  counts: Counts | undefined,
): string {
  const { options, cache, server, probes } = installation;
  const numbers = new Map<string, number>();
  for (const { about } of checks) if (about !== undefined && !numbers.has(about)) numbers.set(about, numbers.size + 1);
  const named = (status: DoctorCheck['status']) =>
    checks
      .filter((check) => check.status === status)
      .map(({ id, about }) => (about === undefined ? id : `${id} (bucket ${numbers.get(about)})`));
  const lines = [
    `vite-plugin-image-cache ${VERSION}`,
    `Node ${probes.nodeVersion}, ${probes.platform} ${arch()} ${release()}`,
    `${RUNNERS[server.kind]}${server.vite === undefined ? '' : `, Vite ${server.vite.version}`}`,
    `sharp ${counts?.sharp ?? 'unknown'}`,
    ...options.buckets.slice(0, 20).map((bucket, index) => `bucket ${index + 1}: ${bucketText(bucket)}`),
    `options: ${optionsText(installation)}`,
    `cached: ${counts === undefined ? 'unknown' : `${counts.images} images, ${bytesText(counts.bytes)}`}`,
    ...(server.kind === 'command' ? [] : [`requested since the start: ${cache.requestCount}`]),
    `checks: ${named('ok').length} ok, ${named('skip').length} skipped`,
    ...(['warn', 'fail'] as const).flatMap((status) => {
      const found = named(status);
      return found.length === 0 ? [] : [`${status}: ${found.join(', ')}`];
    }),
  ];
  return lines.join('\n');
}

function bucketText({ endpoint, region, forcePathStyle, prefix, cdn, credentials }: ResolvedBucket): string {
  const service = endpoint && SERVICES.find(([host]) => host.test(endpoint.hostname))?.[1];
  return [
    endpoint === undefined ? 'AWS' : (service ?? `a server of ${endpoint.protocol.slice(0, -1)}`),
    region === undefined ? 'no region' : region.replace(/[^\w-]/g, '').slice(0, 30),
    forcePathStyle ? 'path style' : '',
    prefix === '' ? '' : 'with a prefix',
    cdn.length === 0 ? '' : `${cdn.length} CDN`,
    credentials === undefined ? '' : 'with credentials',
  ]
    .filter(Boolean)
    .join(', ');
}

function optionsText({ options }: Installation): string {
  const { revalidate, maxAge, uploads, images } = options;
  const set: Record<string, string | boolean | undefined> = {
    maxSize: bytesText(options.maxSize),
    maxEntries: String(options.maxEntries),
    memory: bytesText(options.memoryMaxSize),
    concurrency: `${options.concurrency} to ${options.maxConcurrency}`,
    durability: options.durability,
    store: images.store,
    offline: options.offline,
    revalidate: revalidate === undefined ? undefined : durationText(revalidate),
    maxAge: maxAge === undefined ? undefined : durationText(maxAge),
    quotas: options.quotaOf !== undefined,
    resolveKey: options.resolveKey !== undefined,
    manage: options.manage !== undefined,
    allowSvg: options.allowSvg,
    fallbackDirs: options.fallbackDirs.length > 0,
    allowedOrigins: options.allowedOrigins.length > 0,
    allowedHosts: options.allowedHosts.length > 0,
    allowPrivateAddresses: options.allowPrivateAddresses.length > 0,
    uploads: uploads !== undefined,
    references: uploads?.references !== undefined,
  };
  return Object.entries(set)
    .filter(([, value]) => value !== undefined && value !== false)
    .map(([name, value]) => (value === true ? name : `${name} ${value}`))
    .join(', ');
}
