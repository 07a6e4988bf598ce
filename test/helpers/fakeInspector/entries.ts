import type { EntriesAnswer, InspectedEntry } from '../../../plugin/inspectorProtocol.ts';

const PLACES = ['saltmarsh-ridge', 'amber-erg', 'northern-quiet', 'lagoon-notes', 'harbour-lights', 'fir-and-fog'];
const TYPES = ['jpeg', 'webp', 'png', 'avif'] as const;
/** What can be looked at, page by page. */
const REACHABLE = 10_000;
const PAGE_SIZE = 200;

/** A thumbhash for each picture, and its size in pixels. */
export interface Look {
  placeholder: string;
  width: number;
  height: number;
}

const GREY: Look = { placeholder: 'IBgGDQQHiHeAiHh3d3eHd4eACJCHd3cI', width: 1200, height: 800 };

/** The entry with a number: the same number is always the same entry, so that a million of them need no memory. */
export function fakeEntry(n: number, now: number, looks: readonly Look[] = [GREY]): InspectedEntry {
  const actor = String((n % 40) + 1).padStart(4, '0');
  const type = TYPES[n % 7 === 0 ? 1 + (n % 3) : 0] ?? 'jpeg';
  const filename = `${PLACES[n % PLACES.length]}_${String(n).padStart(4, '0')}.${type === 'jpeg' ? 'jpg' : type}`;
  const look = looks[n % looks.length] ?? GREY;
  const size = 38_000 + ((n * 48_271) % 5_400_000);
  const digest = n.toString(16).padStart(8, '0').repeat(8);
  return {
    s3_url: `https://team-photos.s3.eu-central-1.amazonaws.com/actors/${actor}/${filename}`,
    local_path: `.image-cache/images/${actor}/${actor}_${digest.slice(0, 16)}_${digest.slice(0, 32)}.${type}`,
    cached_at: now - n * 73_000 - 900_000,
    ...(n % 3 === 0 && { validated_at: now - n * 61_000 }),
    size_bytes: size,
    actor_id: actor,
    filename,
    etag: `"${digest.slice(0, 32)}"`,
    sha256: digest,
    content_type: `image/${type}`,
    ...look,
    last_used_at: now - n * 41_000,
    ...(n % 17 === 3 && { pinned: true }),
    in_memory: n < 40,
    is_stale: n % 11 === 5,
    other_actors: n % 9 === 0 ? 2 : 0,
  };
}

/** `GET /entries` of a cache with so many images. Filters look at the reachable ones only, which is enough to look at. */
export function fakeEntries(
  count: number,
  search: URLSearchParams,
  now: number,
  looks?: readonly Look[],
): EntriesAnswer {
  const page = Number(search.get('page') ?? 0);
  const kind = search.get('kind') ?? 'all';
  const text = (search.get('text') ?? '').toLowerCase();
  const actor = search.get('actor');
  const revision = count;
  if (kind === 'unclaimed' || kind === 'quarantined') {
    const files =
      count === 0 ? [] : Array.from({ length: kind === 'unclaimed' ? 7 : 2 }, (_, n) => fakeFile(kind, n, now));
    const matched_bytes = files.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
    return {
      revision,
      total: count,
      matched: files.length,
      matched_bytes,
      reachable: files.length,
      page,
      entries: [],
      files,
    };
  }
  const isPlain = kind === 'all' && text === '' && actor === null;
  const known = Math.min(count, REACHABLE);
  const all = isPlain ? undefined : Array.from({ length: known }, (_, n) => n).filter((n) => matches(n));
  function matches(n: number): boolean {
    const entry = fakeEntry(n, now);
    if (kind === 'pinned' && entry.pinned !== true) return false;
    if (kind === 'stale' && !entry.is_stale) return false;
    if (actor !== null && entry.actor_id !== actor) return false;
    return `${entry.s3_url} ${entry.filename} ${entry.actor_id}`.toLowerCase().includes(text);
  }
  const numbers = all ?? Array.from({ length: known }, (_, n) => n);
  const matched = all === undefined ? count : all.length;
  const slice = numbers.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
  return {
    revision,
    total: count,
    matched,
    matched_bytes: matched * 2_730_000,
    reachable: numbers.length,
    page,
    entries: slice.map((n) => fakeEntry(n, now, looks)),
  };
}

function fakeFile(kind: 'unclaimed' | 'quarantined', n: number, now: number) {
  const folder = kind === 'unclaimed' ? 'images/0002' : 'quarantine';
  return {
    path: `.image-cache/${folder}/0002_${String(n).repeat(16)}_${'ab'.repeat(16)}.jpg`,
    size_bytes: 200_000 + n * 71_000,
    modified_at: now - n * 7_200_000,
  };
}
