import { createHash } from 'node:crypto';
import { ImageCacheError } from '../errors.ts';
import { parametersOf } from '../signatures.ts';
import type { RawUrl } from './rawUrl.ts';
import { percentDecode, percentEncode } from './rfc3986.ts';

/** What the query of a URL says about the object. */
interface ObjectQuery {
  readonly versionId: string | undefined;
  /** Whether the URL grants access by itself. */
  readonly signed: boolean;
  /** Whether it has parameters that the SDK cannot send: all but `versionId` at S3. */
  readonly hasOthers: boolean;
  /** Whether a value was replaced by a digest, as in canonical URLs. Such a URL names a cached image, but cannot be fetched. */
  readonly isNameOnly: boolean;
  /** The query of the canonical URL, sorted: empty or beginning with `?`. */
  readonly canonical: string;
}

const NOTHING: ObjectQuery = {
  versionId: undefined,
  signed: false,
  hasOthers: false,
  isNameOnly: false,
  canonical: '',
};

/** The parameters that S3 itself uses. It ignores all others, which would give one object any number of names. */
const KNOWN_TO_AWS: ReadonlySet<string> = new Set(['versionId', 'partNumber']);
/** Parameters that only change headers of the answer and not the picture, at S3 and compatible servers. */
const OVERRIDE = /^response-(?:cache-control|content-(?:disposition|encoding|language|type)|expires)$/;
/** The parameters of an `s3:` URL that are used. It is never sent as it is, so all others have no effect. */
const KNOWN_TO_SDK: ReadonlySet<string> = new Set(['versionId']);

/**
 * Parses the query of a URL. Signatures and overrides of headers are not part of the object's name; every other parameter that is
 * sent is (see {@link parametersOf}).
 * @param isAws whether the server is S3 itself, and not another server or a CDN
 * @throws ImageCacheError INVALID_URL for a parameter that is given twice: servers differ in which of the two they use
 */
export function parseQuery({ scheme, host, path, search }: RawUrl, isAws: boolean): ObjectQuery {
  if (search.length <= 1) return NOTHING;
  // The list of signatures has names without percent-encoding.
  const spelled = search.replace(/(?<=[?&])[^&=]*%[^&=]*/g, (name) => percentEncode(percentDecode(name)));
  const { kept, signed } = parametersOf(host + path, spelled);
  const known = scheme === 's3:' ? KNOWN_TO_SDK : isAws ? KNOWN_TO_AWS : undefined;

  const counted = new Map<string, string>();
  let versionId: string | undefined;
  let hasOthers = false;
  let isNameOnly = false;
  for (const pair of kept) {
    const [rawName = '', ...rest] = pair.split('=');
    const name = percentDecode(rawName);
    if (OVERRIDE.test(name) || (known !== undefined && !known.has(name))) continue;
    // To a server that ignores case, names that differ only in case are the same.
    const id = name.toLowerCase();
    if (counted.has(id)) throw givenTwice(name);
    const value = rest.join('=');
    counted.set(id, canonicalPair(name, value, pair.includes('=')));
    if (MAY_BE_SECRET.test(name) && DIGEST.test(value)) isNameOnly = true;
    if (name !== 'versionId') hasOthers = true;
    else if (value === '') counted.set(id, ''); // an empty version means the newest
    else versionId = percentDecode(value.replaceAll('+', ' '));
  }
  const canonical = Array.from(counted.values()).filter(Boolean).toSorted().join('&');
  return {
    versionId,
    signed: signed && scheme !== 's3:',
    hasOthers,
    isNameOnly,
    canonical: canonical && `?${canonical}`,
  };
}

/** A parameter in one encoding. A `+` is kept: to some servers it is a blank, to others a plus. */
function canonicalPair(name: string, value: string, hasValue: boolean): string {
  const encoded = percentEncode(name);
  if (!hasValue) return encoded;
  if (value !== '' && MAY_BE_SECRET.test(name) && !DIGEST.test(value)) return `${encoded}=~${digestOf(value)}`;
  return `${encoded}=${value
    .split('+')
    .map((part) => percentEncode(percentDecode(part)))
    .join('+')}`;
}

/**
 * Names of parameters that may grant access at services that are not known here. Their values are part of the object's name, like
 * those of all other parameters; but canonical URLs are written to disk, so they contain a digest of the value instead.
 */
const MAY_BE_SECRET =
  /token|secret|sign|credential|passw|auth|hmac|jwt|key|policy|^(?:sig|s|st|e|verify|hash|md5|hdnts|hdnea|hdntl)$/i;
const DIGEST = /^~[0-9a-f]{32}$/;

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('hex').slice(0, 32);
}

function givenTwice(name: string): ImageCacheError {
  const shown = /^[\w-]{1,40}$/.test(name) ? ` ${name}` : ' a parameter';
  return new ImageCacheError('INVALID_URL', `The URL has${shown} twice.`, { hint: 'Send it once.' });
}
