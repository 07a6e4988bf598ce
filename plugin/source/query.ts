import { createHash } from 'node:crypto';
import { ImageCacheError } from '../errors.ts';
import { parametersOf } from '../signatures.ts';
import type { RawUrl } from './rawUrl.ts';
import { percentDecode, percentEncode } from './rfc3986.ts';

/** What a query says about the object. */
interface ObjectQuery {
  readonly versionId: string | undefined;
  /** Whether the URL grants access by itself. */
  readonly signed: boolean;
  /** Whether it holds what the SDK cannot ask for: anything but a version of S3. */
  readonly hasOthers: boolean;
  /** Whether a digest stands for a value that may be a secret, as in canonical URLs: the object's name, and nothing to ask for it by. */
  readonly isNameOnly: boolean;
  /** What the canonical URL keeps, sorted: empty or beginning with `?`. */
  readonly canonical: string;
}

const NOTHING: ObjectQuery = {
  versionId: undefined,
  signed: false,
  hasOthers: false,
  isNameOnly: false,
  canonical: '',
};

/** S3 itself ignores what it does not know, so that one object would get any number of names. */
const KNOWN_TO_AWS: ReadonlySet<string> = new Set(['versionId', 'partNumber']);
/** They rewrite headers of the answer, and nothing in the picture: S3, and all that follow it. */
const OVERRIDE = /^response-(?:cache-control|content-(?:disposition|encoding|language|type)|expires)$/;
/** An `s3:` URL is never sent as it is: nothing but what the SDK is asked for matters in it. */
const KNOWN_TO_SDK: ReadonlySet<string> = new Set(['versionId']);

/**
 * Reads what a query says about the object. Signatures and overrides of headers are no part of it; every other parameter that is
 * sent is (see {@link parametersOf}).
 * @param isAws whether S3 itself answers, and not another server or a CDN
 * @throws ImageCacheError INVALID_URL for a parameter that is given twice: servers differ in which of the two they take
 */
export function parseQuery({ scheme, host, path, search }: RawUrl, isAws: boolean): ObjectQuery {
  if (search.length <= 1) return NOTHING;
  // The list knows names as signers write them.
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
    // A server that ignores case would see two as well.
    const id = name.toLowerCase();
    if (counted.has(id)) throw givenTwice(name);
    const value = rest.join('=');
    counted.set(id, canonicalPair(name, value, pair.includes('=')));
    if (MAY_BE_SECRET.test(name) && DIGEST.test(value)) isNameOnly = true;
    if (name !== 'versionId') hasOthers = true;
    else if (value === '') counted.set(id, ''); // names no version: the newest is meant
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

/** In one encoding. A `+` stays: to some servers it is a blank, to others a plus. */
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
 * Names under which services that are not known here may hand out access. What is below them tells images apart like any
 * other, but canonical URLs are written to disk, and so hold a digest of it.
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
