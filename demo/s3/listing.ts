/** The parameters of a listing, in either version of the API. */
export interface ListingQuery {
  prefix: string;
  /** The delimiter; empty for none. */
  delimiter: string;
  maxKeys: number;
  /** The key or common prefix to list after; empty for the beginning. */
  after: string;
}

export interface ListingPage {
  keys: string[];
  commonPrefixes: string[];
  /** The value of `after` for the next page; `undefined` if this was the last. */
  next: string | undefined;
}

/** Lists one page of the keys. `keys` must be in S3's order. */
export function listKeys(keys: readonly string[], { prefix, delimiter, maxKeys, after }: ListingQuery): ListingPage {
  const page: ListingPage = { keys: [], commonPrefixes: [], next: undefined };
  let last = after;
  for (const key of keys.slice(indexAfter(keys, after))) {
    if (!key.startsWith(prefix)) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const commonPrefix = cut === -1 ? undefined : key.slice(0, cut + delimiter.length);
    // The prefix was already listed, on this page or on the last one.
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

/** The index of the first key after `key`; `keys` is in the order of UTF-8 bytes. */
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
