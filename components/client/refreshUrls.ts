import { keepNewest } from './keepNewest.ts';
import { isExpiring } from './signatureExpiry.ts';

/**
 * Asks the app's backend for a URL of an object with a fresh signature.
 * @param key the URL without its signature
 */
export type RefreshUrl = (key: string) => string | undefined | Promise<string | undefined>;

/** URLs that are used in place of those that were given. */
export type RenewedUrls = ReadonlyMap<string, string>;

/** Fresh URLs that are remembered, for images that are mounted later with an old one. */
const MAX_REMEMBERED = 1_000;

const remembered = new Map<string, string>();
const asking = new Map<string, Promise<string | undefined>>();

/**
 * Replaces URLs whose signatures are of no use any more. There is one call of `refreshUrl` for an object, however many images wait for
 * it; if it throws, the old URL stays.
 * @param images the keys of the objects, by the URLs as they were given
 * @param used in their place, so far
 * @param isStale @default by the expiry that the URL states
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
