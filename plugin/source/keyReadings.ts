import { percentDecode } from './rfc3986.ts';

/** What some server reads in another way than S3. Most keys hold nothing of it. */
const AMBIGUOUS = /^\/|\/\/|[\\%]|(?:^|\/)\.\.?(?:[;/]|$)/;

/**
 * The other keys that a server in front of a bucket may read in a key: S3 takes keys as they are, but a proxy may decode them once
 * or twice more, take backslashes for slashes, merge slashes, drop path parameters (`..;`), and resolve dots.
 * `undefined` stands for a place outside the bucket.
 * Limit: nothing is known of proxies that decode more often than that, or rewrite paths by rules of their own, nor of servers whose
 * file system takes `Private/` and `private/`, or two Unicode spellings of a name, for one (MinIO on macOS or Windows).
 */
export function otherReadings(key: string): ReadonlySet<string | undefined> {
  const readings = new Set<string | undefined>();
  if (!AMBIGUOUS.test(key)) return readings;
  const decoded = decode(key);
  for (const text of [key, decoded, decode(decoded)]) {
    for (const slashed of [text, text.replaceAll('\\', '/')]) {
      for (const plain of [slashed, slashed.replace(/(^|\/)(\.\.?);[^/]*/g, '$1$2')]) {
        // The key comes after a slash, so one at its beginning is merged with that.
        for (const merged of [plain, plain.replace(/\/{2,}/g, '/').replace(/^\//, '')]) {
          readings.add(merged).add(resolveDots(merged));
        }
      }
    }
  }
  readings.delete(key);
  return readings;
}

/** Whether a key is below a prefix, in its bucket, whichever way it is read. */
export function isInside(key: string, prefix: string): boolean {
  if (!key.startsWith(prefix)) return false;
  const readings = otherReadings(key);
  if (readings.size === 0) return true;
  // A prefix such as `a//b/` is read as the key is.
  const prefixes = [prefix, ...otherReadings(prefix)].filter((each) => each !== undefined);
  return Array.from(readings).every(
    (reading) => reading !== undefined && prefixes.some((each) => reading.startsWith(each)),
  );
}

/** Of escapes that are no UTF-8 together, those of ASCII: a dot or a slash is among them. */
function decode(text: string): string {
  try {
    return percentDecode(text);
  } catch {
    return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

/** `undefined` when the dots lead out of the bucket. */
function resolveDots(path: string): string | undefined {
  const resolved: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '.') continue;
    if (segment !== '..') resolved.push(segment);
    else if (resolved.pop() === undefined) return undefined;
  }
  return resolved.join('/');
}
