import type {
  Activity,
  ActorsAnswer,
  DoctorAnswer,
  DoctorCheck,
  EntryAnswer,
  HistoryAnswer,
  LiveAnswer,
  ProblemsAnswer,
  QueueAnswer,
  QueueItem,
  StorageAnswer,
  WaitReason,
} from '../../../plugin/inspectorProtocol.ts';
import type { UploadsAnswer } from '../../../plugin/uploadProtocol.ts';
import { fakeEntry, type Look } from './entries.ts';

const MINUTE = 60_000;
const OUTCOMES = ['HIT', 'HIT', 'MISS', 'HIT', 'PREFETCHED', 'HIT', 'REVALIDATED', 'FAILED', 'HIT', 'STALE'] as const;
const REASONS = ['first_seen', 'evicted', 'first_seen', 'changed', 'invalidated', 'damaged'] as const;

function fakeActivity(seq: number, at: number): Activity {
  const { s3_url, actor_id, size_bytes } = fakeEntry((seq * 7) % 997, at);
  const outcome = OUTCOMES[seq % OUTCOMES.length] ?? 'HIT';
  const base = { seq, at, s3_url, actor_id, outcome };
  if (outcome === 'FAILED') {
    return {
      ...base,
      duration_ms: 231,
      code: 'UPSTREAM_EXPIRED',
      detail: 'The signature of this URL has expired 4 minutes ago.',
      hint: 'Sign the URL again. It was signed for 900 s.',
    };
  }
  if (outcome === 'HIT') {
    const tier = seq % 4 === 0 ? 'disk' : 'memory';
    return { ...base, tier, size_bytes, ...(tier === 'disk' ? { duration_ms: 3.2 } : { count: 1 + (seq % 3) }) };
  }
  const reason = REASONS[Math.floor(seq / OUTCOMES.length) % REASONS.length] ?? 'first_seen';
  return {
    ...base,
    tier: 's3',
    size_bytes,
    duration_ms: 180 + ((seq * 77) % 900),
    ...(outcome === 'MISS' && {
      reason,
      ...(reason !== 'first_seen' && { removed_at: at - 3 * MINUTE }),
      ...(reason === 'evicted' && { cause: 'maxSize' as const }),
    }),
  };
}

export interface FakeNumbers {
  count: number;
  now: number;
  startedAt: number;
  instance: string;
  version: string;
  /** The newest activity. */
  seq: number;
  /** Changes since the start. */
  changes: number;
  /** Images that were missed while the server is offline by choice; `undefined` if it is not. */
  missedOffline?: number;
}

export function fakeLive(
  { count, now, startedAt, instance, version, seq, changes, missedOffline }: FakeNumbers,
  since?: number,
): LiveAnswer {
  const first = Math.max(since ?? 0, seq - 200);
  const activity = Array.from({ length: seq - first }, (_, n) =>
    fakeActivity(first + n + 1, now - (seq - first - n) * 900),
  );
  const isEmpty = count === 0;
  return {
    instance,
    version,
    started_at: startedAt,
    now,
    revision: count + changes,
    seq,
    activity,
    dropped: Math.max(0, first - (since ?? first)),
    problems: isEmpty ? 0 : 4,
    ...(!isEmpty && { uploads: { project: 'app', pending: 3, failed: 1, blocked: 0 } }),
    stats: {
      cache_id: 'f2d1',
      ...(missedOffline !== undefined && { offline: { missed: missedOffline } }),
      total_entries: count,
      total_size_bytes: count * 2_730_000,
      total_size_mb: count * 2.73,
      unclaimed: { files: isEmpty ? 0 : 7, size_bytes: isEmpty ? 0 : 2_900_000 },
      variants: { count: count * 2, size_bytes: count * 60_000, made: 12, hits: 480, failed: 0 },
      compression: { images: 0, original_bytes: 0, stored_bytes: 0, saved_bytes: 0 },
      memory: { entries: Math.min(count, 40), size_bytes: Math.min(count, 40) * 2_730_000, max_bytes: 268_435_456 },
      hits: { memory: isEmpty ? 0 : 8_412, disk: isEmpty ? 0 : 1_204 },
      misses: isEmpty ? 0 : 311,
      hit_ratio: isEmpty ? 0 : 0.969,
      bytes_saved: isEmpty ? 0 : 3_100_000_000,
      downloads: {
        active: isEmpty ? 0 : 3,
        queued: isEmpty ? 0 : 5,
        completed: isEmpty ? 0 : 311,
        failed: isEmpty ? 0 : 4,
        bytes: 512_000_000,
      },
      revalidations: { unchanged: 40, changed: 2, failed: 0 },
      preloading: { loaded: 40, bytes: 1, useful_bytes: 1, wasted_bytes: 0 },
      prefetching: { loaded: 40, bytes: 1, useful_bytes: 1, wasted_bytes: 0 },
    },
  };
}

export function fakeActors(count: number, text: string): ActorsAnswer {
  const total = Math.min(count, 40);
  const actors = Array.from({ length: total }, (_, n) => {
    const entries = Math.ceil(((total - n) / ((total * (total + 1)) / 2)) * count);
    return { actor_id: String(n + 1).padStart(4, '0'), entries, size_bytes: entries * 2_730_000, pinned: n === 2 };
  });
  return { total, actors: actors.filter(({ actor_id }) => actor_id.includes(text)).slice(0, 200) };
}

function waiting(s3_url: string, waits_for: WaitReason, n: number, now: number): QueueItem {
  return {
    s3_url,
    kind: 'download',
    urgency: n === 0 ? 'visible' : 'normal',
    waiters: 1,
    queued_at: now - 1200 - n * 500,
    place: n + 1,
    waits_for,
    ...(waits_for === 'slow_down' && { until: now + 14_000 }),
  };
}

export function fakeQueue(count: number, now: number): QueueAnswer {
  const url = (n: number) => fakeEntry(n, now).s3_url;
  const waits = ['slot', 'visible_first', 'slow_down', 'busy', 'slot'] as const;
  const isEmpty = count === 0;
  return {
    now,
    running: isEmpty
      ? []
      : [0.31, 0.72, 0].map((part, n) => ({
          s3_url: url(n + 3),
          kind: n === 2 ? 'revalidation' : 'download',
          urgency: n === 0 ? 'visible' : 'normal',
          waiters: n + 1,
          queued_at: now - 900 - n * 300,
          started_at: now - 600 - n * 200,
          attempt: n === 1 ? 2 : 1,
          received_bytes: Math.round(2_400_000 * part),
          total_bytes: 2_400_000,
        })),
    waiting: isEmpty ? [] : waits.map((waits_for, n) => waiting(url(n + 20), waits_for, n, now)),
    running_count: isEmpty ? 0 : 3,
    waiting_count: isEmpty ? 0 : 5,
    limit: {
      visible: 16,
      background: 8,
      max_background: 16,
      changes: isEmpty
        ? []
        : [
            { at: now - 20_000, from: 16, to: 8, why: 'S3 has asked to slow down.' },
            { at: now - 190_000, from: 12, to: 16, why: 'More at once were faster.' },
            { at: now - 320_000, from: 8, to: 12, why: 'More at once were faster.' },
          ],
    },
  };
}

export function fakeProblems(count: number, now: number): ProblemsAnswer {
  if (count === 0) return { problems: [] };
  const urls = (from: number, n: number) => Array.from({ length: n }, (_, at) => fakeEntry(from + at, now).s3_url);
  return {
    problems: [
      {
        code: 'UPSTREAM_EXPIRED',
        cause: 'Signatures of 900 s have expired before the image was requested.',
        hint: 'Sign URLs when the page is opened, or for longer; or give the bucket credentials, so that the cache can sign by itself.',
        fix: "buckets: [{ name: 'team-photos', region: 'eu-central-1', credentials: fromNodeProviderChain() }]",
        count: 37,
        first_at: now - 42 * MINUTE,
        last_at: now - 12_000,
        s3_urls: urls(5, 20),
      },
      {
        code: 'INVALID_URL',
        cause: "The bucket 'team-photos-eu' is not listed.",
        hint: 'Add it to the option `buckets`.',
        fix: "buckets: ['team-photos', 'team-photos-eu']",
        count: 4,
        first_at: now - 11 * MINUTE,
        last_at: now - 3 * MINUTE,
        s3_urls: urls(50, 4),
      },
      {
        code: 'UPSTREAM_NOT_FOUND',
        cause: 'The bucket has no such object.',
        count: 5,
        first_at: now - 2 * MINUTE,
        last_at: now - MINUTE,
        s3_urls: urls(70, 2),
      },
      {
        code: 'NOT_AN_IMAGE',
        cause: 'What came is an HTML page.',
        hint: 'A proxy or a login page seems to answer instead of S3.',
        count: 1,
        first_at: now - 50 * MINUTE,
        last_at: now - 50 * MINUTE,
        s3_urls: urls(80, 1),
      },
    ],
  };
}

const STEPS = { '1h': MINUTE, '24h': 30 * MINUTE, '30d': 720 * MINUTE } as const;

export function fakeHistory(count: number, span: HistoryAnswer['span'], now: number): HistoryAnswer {
  const step_ms = STEPS[span];
  const points = Array.from({ length: count === 0 ? 0 : 48 }, (_, n) => {
    const wave = 1 + Math.sin(n / 5) + ((n * 37) % 11) / 11;
    return {
      at: now - (48 - n) * step_ms,
      hits_memory: Math.round(wave * 120),
      hits_disk: Math.round(wave * 21),
      misses: Math.round(12 / wave),
      failed: n % 13 === 0 ? 3 : 0,
      bytes_saved: Math.round(wave * 141 * 300_000),
      bytes_downloaded: Math.round((12 / wave) * 300_000),
      ...(n % 9 !== 8 && { miss_p50_ms: 210 + 60 * wave, miss_p95_ms: 640 + 210 * wave }),
    };
  }).filter((_, n) => n % 17 !== 5);
  const isEmpty = count === 0;
  return { span, step_ms, points, saved_bytes: isEmpty ? 0 : 3_120_000_000, saved_ms: isEmpty ? 0 : 9_660_000 };
}

export function fakeStorage(count: number): StorageAnswer {
  return {
    dir: '/home/ada/app/.image-cache',
    originals: { count, size_bytes: count * 2_730_000 },
    variants: { count: count * 2, size_bytes: count * 600_000 },
    unclaimed: { count: count === 0 ? 0 : 7, size_bytes: count === 0 ? 0 : 2_900_000 },
    quarantined: { count: count === 0 ? 0 : 2, size_bytes: count === 0 ? 0 : 471_000 },
    free_bytes: 212_000_000_000,
    max_bytes: Math.max(10_000_000_000, count * 5_000_000),
    memory: { entries: Math.min(count, 40), size_bytes: Math.min(count, 40) * 2_730_000, max_bytes: 268_435_456 },
    processes: [
      { pid: 4211, is_this: true },
      { pid: 5120, is_this: false },
    ],
    has_sharp: true,
  };
}

export function fakeEntryAnswer(
  n: number | undefined,
  s3_url: string,
  now: number,
  looks?: readonly Look[],
): EntryAnswer {
  if (n === undefined) {
    return {
      s3_url,
      entry: null,
      reason: 'evicted',
      removed_at: now - 3 * MINUTE,
      places: [],
      story: [],
      variants: [],
    };
  }
  const entry = fakeEntry(n, now, looks);
  return {
    s3_url,
    entry: {
      ...entry,
      ...(entry.other_actors > 0 && { actor_ids: [entry.actor_id, '0007', '0021'] }),
      meta: { style: 'noir' },
    },
    places: [
      { place: 'memory', state: entry.in_memory ? 'present' : 'absent', size_bytes: entry.size_bytes },
      { place: 'disk', state: 'present', detail: 'Verified when it was last read.', size_bytes: entry.size_bytes },
      { place: 'variants', state: 'present', detail: '2 of them', size_bytes: 61_000 },
      { place: 'quarantine', state: 'absent' },
      { place: 'server_outbox', state: 'absent' },
      { place: 'bucket', state: 'unknown' },
    ],
    story: [
      {
        at: entry.cached_at - 3 * MINUTE,
        what: 'removed',
        text: 'Evicted, to make room (maxSize).',
        reason: 'evicted',
      },
      { at: entry.cached_at - 400, what: 'queued', text: 'Waited 31 ms for a slot.' },
      { at: entry.cached_at, what: 'stored', text: 'Stored after 412 ms (31 ms of them in the queue).' },
      { at: entry.last_used_at, what: 'served', text: 'Served 12 times, last from memory.' },
    ],
    variants: [
      { spec: 'w=320, webp', size_bytes: 18_200 },
      { spec: 'w=640, webp', size_bytes: 42_800 },
    ],
  };
}

export const FAKE_CHECKS: readonly DoctorCheck[] = [
  check('server.node', 'server', 'Node.js', 'ok', '24.21.0 is supported.'),
  check('server.vite', 'server', 'Vite', 'ok', '8.3.8 is supported.'),
  check('server.requests', 'server', 'Requests', 'ok', '9,927 since the start.'),
  check('disk.writable', 'disk', 'Cache directory', 'ok', 'It can be written, and only you can read it.'),
  check('disk.free', 'disk', 'Free space', 'ok', '212 GB are free.'),
  check(
    'disk.synced',
    'disk',
    'Place of the directory',
    'warn',
    'It is in a folder that Dropbox synchronizes.',
    'Move it out of Dropbox: it would upload every image.',
    "cacheDir: '/home/ada/.cache/app-images'",
  ),
  check('images.sharp', 'images', 'sharp', 'ok', '0.35.5 makes JPEG, PNG, WebP and AVIF.'),
  {
    ...check('bucket.resolves', 'bucket', 'Name', 'ok', 'team-photos.s3.eu-central-1.amazonaws.com is 52.219.170.4.'),
    about: 'team-photos',
  },
  {
    ...check(
      'bucket.credentials',
      'bucket',
      'Credentials',
      'fail',
      "The session of the profile 'dev' (SSO) has expired.",
      'Sign in again.',
      'aws sso login --profile dev',
    ),
    about: 'team-photos',
  },
  {
    ...check('bucket.read', 'bucket', 'May read', 'skip', 'Not asked: there are no credentials.'),
    about: 'team-photos',
    after: 'bucket.credentials',
  },
];

function check(
  id: string,
  group: DoctorCheck['group'],
  title: string,
  status: DoctorCheck['status'],
  detail: string,
  hint?: string,
  fix?: string,
): DoctorCheck {
  return {
    id,
    group,
    title,
    status,
    detail,
    took_ms: 12,
    ...(hint !== undefined && { hint }),
    ...(fix !== undefined && { fix }),
  };
}

export const FAKE_DOCTOR: DoctorAnswer = {
  ok: false,
  checks: [...FAKE_CHECKS],
  environment:
    'vite-plugin-image-cache 0.1.0\nnode 24.21.0 linux x64\nvite 8.3.8\nbuckets: 1 (AWS, eu-central-1)\nimages: 25',
};

export function fakeUploads(count: number, now: number): UploadsAnswer {
  if (count === 0) return { jobs: [] };
  const job = (n: number) => ({
    job_id: String(n).padStart(32, '0'),
    filename: `holiday_${n}.jpg`,
    size_bytes: 2_100_000 + n,
    content_type: 'image/jpeg',
    accepted_at: now - n * MINUTE,
  });
  return {
    jobs: [
      { ...job(1), state: 'storing' },
      { ...job(2), state: 'accepted' },
      {
        ...job(3),
        state: 'failed',
        attempts: 6,
        error: {
          code: 'UPSTREAM_FORBIDDEN',
          detail: 'The bucket refuses the picture.',
          hint: 'May the credentials write to uploads/?',
        },
      },
      {
        ...job(4),
        state: 'stored',
        stored_at: now - 4 * MINUTE,
        s3_url: 'https://team-photos.s3.eu-central-1.amazonaws.com/uploads/ab/ab12.jpg',
      },
    ],
  };
}
