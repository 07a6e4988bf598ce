import type { CacheEvent, ManifestEntry } from '../../plugin/protocol.ts';
import type { KnownImage, Registry } from './registry.ts';

/** Images remembered; mounted ones are kept beyond it. */
const MAX_KNOWN = 20_000;

/** Other keys of the same object (path style, CDN host), by the key of its canonical URL. */
type Aliases = Map<string, Set<string>>;

const aliases = /* @__PURE__ */ new WeakMap<Registry, Aliases>();

/**
 * Takes in an answer. One that was asked for before the image was thrown away is dropped. Other bytes than those that were known
 * are a new revision, so that whoever shows the old ones changes to them.
 * @param revision the revision at the time of the question
 */
export function learn(
  registry: Registry,
  key: string,
  entry: ManifestEntry | null,
  revision = registry.get(key).revision,
): void {
  const known = registry.get(key);
  if (revision !== known.revision) return;
  const isExchanged = known.entry && entry && originOf(known.entry) !== originOf(entry);
  store(registry, key, { entry, revision: isExchanged ? revision + 1 : revision });
}

/** The digest of what S3 has: an image of which the server has made a smaller file is still the same. */
function originOf({ sha256, original_sha256 = sha256 }: ManifestEntry): string {
  return original_sha256;
}

/** Takes in what happened on the server. */
export function applyEvent(registry: Registry, event: CacheEvent): void {
  if (event.type === 'stored') {
    for (const key of keysOf(registry, event.entry.s3_url)) learn(registry, key, event.entry);
    return;
  }
  const { known, listeners } = registry;
  const everything = event.type === 'cleared' && event.actor_id === undefined;
  const keys = everything
    ? [...known.keys(), ...listeners.keys()]
    : event.s3_urls.flatMap((s3Url) => keysOf(registry, s3Url));
  for (const key of new Set(keys)) {
    store(registry, key, { entry: undefined, revision: registry.get(key).revision + 1 });
  }
}

/** Everything known to be cached; an object that is known by several keys comes several times. */
export function cachedEntries({ known }: Registry): ManifestEntry[] {
  return Array.from(known.values(), ({ entry }) => entry ?? []).flat();
}

/** @param limit images remembered */
export function evict(registry: Registry, limit = MAX_KNOWN): void {
  const { known, listeners } = registry;
  if (known.size <= limit) return;
  for (const key of known.keys()) {
    if (listeners.has(key)) continue;
    known.delete(key);
    aliasesOf(registry).delete(key);
    if (known.size <= limit) return;
  }
}

function store(registry: Registry, key: string, image: KnownImage): void {
  const { known, listeners } = registry;
  // Deleted first: a Map keeps insertion order, which makes it a queue by age.
  known.delete(key);
  known.set(key, image);
  if (image.entry) link(registry, key, image.entry);
  evict(registry);
  for (const listener of Array.from(listeners.get(key) ?? [])) listener();
}

function link(registry: Registry, key: string, entry: ManifestEntry): void {
  const canonical = registry.keyOf(entry.s3_url);
  if (canonical === key) return;
  const own = aliasesOf(registry);
  own.set(canonical, (own.get(canonical) ?? new Set()).add(key));
}

function keysOf(registry: Registry, s3Url: string): string[] {
  const canonical = registry.keyOf(s3Url);
  return [canonical, ...(aliasesOf(registry).get(canonical) ?? [])];
}

function aliasesOf(registry: Registry): Aliases {
  const own = aliases.get(registry) ?? new Map();
  aliases.set(registry, own);
  return own;
}
