import type { CacheEvent, LookupAnswer, LookupRequest, ManifestEntry } from '../../../plugin/protocol.ts';
import { postJson } from '../api.ts';
import { createOfflineStore, type OfflineImage, type OfflineStore } from './offlineStore.ts';
import { pictureId } from './pictureId.ts';

/** What the page hears of its server. Without an event, it may have missed some. */
export interface ServerNews {
  readonly lastEventId: string | undefined;
  readonly event?: CacheEvent;
}

/** While many images arrive, what is kept is looked through once in this time. */
const GATHER_MS = 1_000;
/** In one call; canonical URLs, or paths. */
const MAX_NAMES = 500;

const waiting = new Map<string, ServerNews[]>();

/**
 * Removes kept pictures of our server that were invalidated, cleared or changed. After the page was closed, the id of the last event says whether it has missed
 * any; then the server is asked about all that is kept. Never rejects: what fails now is made up for at the next start, since the id is not written.
 */
export async function keepInStep(baseUrl: string, news: ServerNews): Promise<void> {
  const gathered = waiting.get(baseUrl);
  if (gathered) return void gathered.push(news);
  waiting.set(baseUrl, [news]);
  await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
  const all = waiting.get(baseUrl) ?? [];
  waiting.delete(baseUrl);
  const store = createOfflineStore(false);
  // Nothing is kept, the server cannot be reached, or there is no storage.
  await takeIn(store, baseUrl, all).catch(() => {});
  await store.close();
}

async function takeIn(store: OfflineStore, baseUrl: string, all: readonly ServerNews[]): Promise<void> {
  const known = await store.recall(`event ${baseUrl}`);
  const hasMissed = all.some(
    ({ event, lastEventId }) => !event && (lastEventId === undefined || lastEventId !== known),
  );
  await (hasMissed ? compare(store, baseUrl) : apply(store, all));
  const lastEventId = all.findLast((news) => news.lastEventId !== undefined)?.lastEventId;
  if (lastEventId !== undefined) await store.remember(`event ${baseUrl}`, lastEventId);
}

async function apply(store: OfflineStore, all: readonly ServerNews[]): Promise<void> {
  const removed = new Set<string>();
  const stored = new Map<string, ManifestEntry>();
  let isEverything = false;
  for (const { event } of all) {
    if (event?.type === 'stored') {
      stored.set(await pictureId(event.entry.s3_url), event.entry);
    } else if (event) {
      isEverything ||= event.type === 'cleared' && event.actor_id === undefined;
      for (const url of event.s3_urls) removed.add(await pictureId(url));
    }
  }
  if (isEverything || removed.size > 0) {
    await store.remove(({ isServed, picture }) => isServed && (isEverything || removed.has(picture)));
  }
  if (stored.size === 0) return;
  const images = await store.list();
  const changed = images.filter((image) => {
    const entry = stored.get(image.picture);
    return image.isServed && entry !== undefined && isOther(image, entry);
  });
  await store.evict(changed.map(({ key }) => key));
}

/** Asks the server about all kept pictures that it has served, and removes those that it does not have any more, or not to show to this user. */
async function compare(store: OfflineStore, baseUrl: string): Promise<void> {
  const images = (await store.list()).filter(({ isServed }) => isServed);
  const names = [...new Set(images.flatMap(({ url, path }) => url ?? path ?? []))];
  const entries = new Map<string, ManifestEntry | null>();
  for (let start = 0; start < names.length; start += MAX_NAMES) {
    const urls = names.slice(start, start + MAX_NAMES);
    const body: LookupRequest = { urls };
    const answer = await postJson<LookupAnswer>(baseUrl, '/lookup', body);
    for (const name of urls) {
      entries.set(name, answer.entries[name] ?? answer.entries[urls[answer.same_as?.[name] ?? -1] ?? ''] ?? null);
    }
  }
  const gone = new Set<string>();
  for (const { key, url, path, ...image } of images) {
    const entry = entries.get(url ?? path ?? '');
    if (entry === null || (entry && isOther(image, entry))) gone.add(key);
  }
  if (gone.size > 0) await store.remove(({ key }) => gone.has(key));
}

/** Whether a kept picture is of other bytes than the server has, as far as its digest is known. */
function isOther(
  { digest }: Pick<OfflineImage, 'digest'>,
  { sha256, original_sha256 = sha256 }: ManifestEntry,
): boolean {
  return digest !== undefined && !sha256.startsWith(digest) && !original_sha256.startsWith(digest);
}
