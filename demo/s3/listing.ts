/** What a listing asks for, in either version of the API. */
export interface ListingQuery {
  prefix: string;
  /** Empty for none. */
  delimiter: string;
  maxKeys: number;
  /** Only what comes after this key or common prefix; empty for the beginning. */
  after: string;
}

export interface ListingPage {
  keys: string[];
  commonPrefixes: string[];
  /** What to give as `after` for the next page; `undefined` when this was the last. */
  next: string | undefined;
}

/** One page of the keys. `keys` has to be in S3's order. */
export function listKeys(keys: readonly string[], { prefix, delimiter, maxKeys, after }: ListingQuery): ListingPage {
  const page: ListingPage = { keys: [], commonPrefixes: [], next: undefined };
  let last = after;
  for (const key of keys.slice(indexAfter(keys, after))) {
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const commonPrefix = cut === -1 ? undefined : key.slice(0, cut + delimiter.length);
    // Already listed, here or on the page before.
    if (commonPrefix !== undefined && commonPrefix === last) continue;

    if (page.keys.length + page.commonPrefixes.length >= maxKeys) {
      if (maxKeys > 0) page.next = last;
      break;
    }
    if (commonPrefix === undefined) page.keys.push(key);
    else page.commonPrefixes.push(commonPrefix);
    last = commonPrefix ?? key;
  }
  return page;
}

/** Where the first key after `key` is; `keys` is in the order of UTF-8 bytes. */
function indexAfter(keys: readonly string[], key: string): number {
  if (key === '') return 0;
  const bytes = Buffer.from(key);
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare(Buffer.from(keys[middle] ?? ''), bytes) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
