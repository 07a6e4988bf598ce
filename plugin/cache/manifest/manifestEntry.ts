import type { ManifestEntry } from '../../protocol.ts';
import { insidePath } from '../files/layout.ts';
import { metaProblem } from './imageMeta.ts';

const SHA256 = /^[0-9a-f]{64}$/;
const BASE64 = /^[A-Za-z0-9+/]{4,60}={0,2}$/;
const CONTENT_TYPE = /^image\/[a-z0-9.+-]+$/;

/**
 * Reads an entry from disk. The file may be foreign, old or edited by hand: an entry that we would not have written like
 * that is dropped, and its image is fetched again.
 */
export function parseEntry(value: unknown): ManifestEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entry = value as Partial<Record<keyof ManifestEntry, unknown>>; // fields are checked below
  const known =
    isText(entry.s3_url) &&
    isText(entry.local_path) &&
    insidePath(entry.local_path) !== undefined &&
    isCount(entry.cached_at) &&
    isCount(entry.size_bytes) &&
    isText(entry.actor_id) &&
    typeof entry.filename === 'string' &&
    typeof entry.etag === 'string' &&
    isText(entry.sha256) &&
    SHA256.test(entry.sha256) &&
    isText(entry.content_type) &&
    CONTENT_TYPE.test(entry.content_type) &&
    isCount(entry.last_used_at) &&
    (entry.validated_at === undefined || isCount(entry.validated_at)) &&
    (entry.original_size_bytes === undefined || isCount(entry.original_size_bytes)) &&
    (entry.original_sha256 === undefined || (isText(entry.original_sha256) && SHA256.test(entry.original_sha256))) &&
    (entry.placeholder === undefined || (isText(entry.placeholder) && BASE64.test(entry.placeholder))) &&
    (entry.meta === undefined || metaProblem(entry.meta) === undefined) &&
    (entry.actor_ids === undefined || isActors(entry.actor_ids));
  return known ? (entry as ManifestEntry) : undefined; // every required field was just checked
}

/** True if a pack has brought the bytes, and S3 was never asked about them. */
export function isFromPack({ validated_at }: ManifestEntry): boolean {
  return validated_at === 0;
}

/** SHA-256 of the bytes that the origin sent, hex. */
export function originalDigest({ sha256, original_sha256 = sha256 }: ManifestEntry): string {
  return original_sha256;
}

/**
 * Maximum number of actors that are recorded for one image. An id has up to 256 characters and every client that may
 * prefetch can invent ids. Without a limit one image could fill the manifest, and each claim would cost more than the one
 * before.
 */
export const MAX_ACTORS = 64;

/** The recorded actors that use the image, at most {@link MAX_ACTORS}. */
export function actorsOf(entry: ManifestEntry): readonly string[] {
  return entry.actor_ids ?? [entry.actor_id];
}

/** True if the actor would be recorded as one more actor of the image. */
export function canClaim(entry: ManifestEntry, actor: string, pinned: ReadonlySet<string>): boolean {
  const actors = actorsOf(entry);
  if (actors.includes(actor)) return false;
  return actors.length < MAX_ACTORS || (pinned.has(actor) && withinLimit([...actors, actor], pinned).includes(actor));
}

/**
 * Chooses which actors to record when there are more than {@link MAX_ACTORS}. The first stays, because the image is filed
 * under it. Actors with pinned images come next, because otherwise invented ids could undo a pin. The rest stay in order of
 * arrival.
 */
export function withinLimit(actors: readonly string[], pinned: ReadonlySet<string>): readonly string[] {
  if (actors.length <= MAX_ACTORS) return actors;
  const [first, ...others] = actors;
  const kept = new Set([first, ...others.filter((actor) => pinned.has(actor)), ...others].slice(0, MAX_ACTORS));
  return actors.filter((actor) => kept.has(actor));
}

/** Returns the entry with these actors. The image is filed under the first one. */
export function withActors(entry: ManifestEntry, actors: readonly string[]): ManifestEntry {
  const { actor_ids: _, ...rest } = entry;
  const [first = entry.actor_id] = actors;
  return { ...rest, actor_id: first, ...(actors.length > 1 && { actor_ids: actors.slice(0, MAX_ACTORS) }) };
}

/** An entry must have at least one actor, or it would never be cleared. */
function isActors(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
