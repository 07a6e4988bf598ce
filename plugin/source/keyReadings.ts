import { percentDecode } from './rfc3986.ts';

/** Parts of a key that some servers read in another way than S3. Most keys have none. */
const AMBIGUOUS = /^\/|\/\/|[\\%]|(?:^|\/)\.\.?(?:[;/]|$)/;

/**
 * The other keys that a server in front of a bucket may understand: S3 uses keys as they are, but a proxy may decode them once or
 * twice more, treat backslashes as slashes, merge slashes, drop path parameters (`..;`), and resolve dots. `undefined` stands for a
 * place outside of the bucket.
 * Limit: this does not cover proxies that decode more often or have rules of their own for paths, and servers whose file system
 * does not distinguish `Private/` and `private/`, or two Unicode spellings of a name (MinIO on macOS or Windows).
 */
export function otherReadings(key: string): ReadonlySet<string | undefined> {
  const readings = new Set<string | undefined>();
  if (!AMBIGUOUS.test(key)) return readings;
  const decoded = decode(key);
  for (const text of [key, decoded, decode(decoded)]) {
    for (const slashed of [text, text.replaceAll('\\', '/')]) {
      for (const plain of [slashed, slashed.replace(/(^|\/)(\.\.?);[^/]*/g, '$1$2')]) {
        // There is a slash before the key, so a slash at its beginning is merged with that one.
        for (const merged of [plain, plain.replace(/\/{2,}/g, '/').replace(/^\//, '')]) {
          readings.add(merged).add(resolveDots(merged));
        }
      }
    }
  }
  readings.delete(key);
  return readings;
}

/** Whether a key is below a prefix, and in its bucket, in each way in which it may be read. */
export function isInside(key: string, prefix: string): boolean {
  if (!key.startsWith(prefix)) return false;
  const readings = otherReadings(key);
  if (readings.size === 0) return true;
  // A server reads a prefix such as `a//b/` in the same way as the key.
  const prefixes = [prefix, ...otherReadings(prefix)].filter((each) => each !== undefined);
  return Array.from(readings).every(
    (reading) => reading !== undefined && prefixes.some((each) => reading.startsWith(each)),
  );
}

/** Decodes the text. If it is not UTF-8, only escapes of ASCII characters are decoded: dots and slashes are among them. */
function decode(text: string): string {
  try {
    return percentDecode(text);
  } catch {
    return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

/** Resolves `.` and `..`; `undefined` if they lead out of the bucket. */
function resolveDots(path: string): string | undefined {
  const resolved: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '.') continue;
    if (segment !== '..') resolved.push(segment);
    else if (resolved.pop() === undefined) return undefined;
  }
  return resolved.join('/');
}
