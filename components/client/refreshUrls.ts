import { keepNewest } from './keepNewest.ts';
import { isExpiring } from './signatureExpiry.ts';

/**
 * Returns a URL of an object with a fresh signature, from the app's backend.
 * @param key the URL without its signature
 */
export type RefreshUrl = (key: string) => string | undefined | Promise<string | undefined>;

/** URLs that are used in place of those that were given. */
export type RenewedUrls = ReadonlyMap<string, string>;

/** Maximum number of renewed URLs that are remembered, for images that are mounted later with an old URL. */
const MAX_REMEMBERED = 1_000;

const remembered = new Map<string, string>();
const asking = new Map<string, Promise<string | undefined>>();

/**
 * Replaces URLs whose signatures are no longer valid. `refreshUrl` is called once for an object, even if many images wait for it. If it
 * throws, the old URL stays.
 * @param images the keys of the objects, by the URLs as they were given
 * @param used the URLs that were used so far in place of the given ones
 * @param isStale whether to replace a URL. @default by the expiry that the URL states
 */
export async function refreshUrls(
  images: ReadonlyMap<string, string>,
  used: RenewedUrls | undefined,
  refreshUrl: RefreshUrl,
  isStale: (url: string) => boolean = isExpiring,
): Promise<RenewedUrls> {
  const pairs = Array.from(images, async ([given, key]) => {
    const url = used?.get(given) ?? given;
    return [given, isStale(url) ? await freshUrl(url, key, refreshUrl) : url] as const;
  });
  return new Map(await Promise.all(pairs));
}

async function freshUrl(url: string, key: string, refreshUrl: RefreshUrl): Promise<string> {
  const known = remembered.get(key);
  if (known !== undefined && known !== url && !isExpiring(known)) return known;
  const answer = asking.get(key) ?? ask(key, refreshUrl);
  asking.set(key, answer);
  return (await answer) ?? url;
}

async function ask(key: string, refreshUrl: RefreshUrl): Promise<string | undefined> {
  try {
    const url = await refreshUrl(key);
    if (url !== undefined) keepNewest(remembered, key, url, MAX_REMEMBERED);
    return url;
  } catch {
    return undefined;
  } finally {
    asking.delete(key);
  }
}
