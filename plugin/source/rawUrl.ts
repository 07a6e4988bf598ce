import { ImageCacheError } from '../errors.ts';

/**
 * The parts of a URL, which is not normalised. `new URL()` is used only for the host: in a path it would resolve `a/../b` and
 * `%2e%2e`, which are different keys in S3, and a signed path must reach the origin byte for byte.
 */
export interface RawUrl {
  readonly scheme: 'http:' | 'https:' | 's3:';
  /** `host[:port]` as WHATWG canonicalises it, without a trailing dot; the bucket, as written, of an `s3:` URL. */
  readonly host: string;
  /** As written; empty or beginning with `/`. */
  readonly path: string;
  /** As written; empty or beginning with `?`. */
  readonly search: string;
}

/** Far more than any real URL has: a key has at most 1,024 bytes (3 kB encoded), a session token about 2 kB. */
const MAX_LENGTH = 16_384;

/**
 * Characters that URL parsers treat differently, so that a URL could get past an allow-list: control characters and newlines
 * (dropped by browsers), blanks at the ends (trimmed), backslashes (slashes to some), lone surrogates.
 */
const AMBIGUOUS = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\\]|^\s|\s$/u;

const SHAPE = /^([a-z][a-z0-9+.-]*:)(?:\/\/([^/?#]+)([^?#]*)(\?[^#]*)?(#)?)?/i;

/**
 * Parses `http:`, `https:` and `s3:` URLs, and refuses every spelling that two parsers could understand differently.
 * @param bucket the name of a listed bucket, for the hint if the text is only a key or a relative URL
 * @throws ImageCacheError INVALID_URL, INVALID_URL_SCHEME
 */
export function parseRawUrl(text: string, bucket = '<bucket>'): RawUrl {
  if (typeof text !== 'string' || text === '') throw invalid('A URL is expected.');
  if (text.length > MAX_LENGTH) throw invalid(`The URL is longer than ${MAX_LENGTH} characters.`);
  if (AMBIGUOUS.test(text)) {
    throw invalid('The URL contains a control character, a backslash, or blanks at its ends.', 'Percent-encode them.');
  }
  const [, scheme, authority, path = '', search = '', fragment] = SHAPE.exec(text) ?? [];
  if (scheme === undefined) {
    throw invalid('The URL is not absolute.', `For the key of an object, write s3://${bucket}/<key>.`);
  }
  const lowerScheme = scheme.toLowerCase();
  if (lowerScheme !== 'http:' && lowerScheme !== 'https:' && lowerScheme !== 's3:') {
    throw new ImageCacheError('INVALID_URL_SCHEME', 'The scheme of the URL is none of https:, http: and s3:.');
  }
  if (authority === undefined) {
    const form = lowerScheme === 's3:' ? `s3://${bucket}/<key>` : `${lowerScheme}//<host>/<key>`;
    throw invalid('The scheme of the URL must be followed by two slashes and a name.', `Write ${form}.`);
  }
  if (authority.includes('@')) throw invalid('The URL contains a user name or password.');
  // A fragment is never sent to a server, so the `#` is probably an unescaped part of the key. A guess could show another picture.
  if (fragment !== undefined) throw invalid('The URL has a fragment.', 'Write a # that belongs to the key as %23.');

  const host = lowerScheme === 's3:' ? authority : canonicalHost(lowerScheme, authority);
  return { scheme: lowerScheme, host, path, search };
}

/** The path and query as they are sent: unchanged, except that characters which a request line cannot contain are encoded. */
export function requestTarget(url: RawUrl): string {
  return ((url.path === '' ? '/' : url.path) + url.search).replace(/[^\u0021-\u007e]+/gu, (characters) =>
    encodeURIComponent(characters),
  );
}

/**
 * The host as WHATWG normalises it: lower case, punycode, and every spelling of an IPv4 address (octal, hex, short, full-width) as
 * four decimals. This is what the allow-list compares, and what is connected to.
 */
function canonicalHost(scheme: string, authority: string): string {
  // `:0443` and `:` are ports to some parsers and errors to others.
  if (/:(?:0\d*)?$/.test(authority)) throw invalid('The port of the URL is malformed.');
  let url: URL;
  try {
    url = new URL(`${scheme}//${authority}/`);
  } catch {
    throw invalid('The host of the URL is malformed.');
  }
  const hostname = url.hostname.endsWith('.') ? url.hostname.slice(0, -1) : url.hostname;
  return url.port === '' ? hostname : `${hostname}:${url.port}`;
}

function invalid(detail: string, hint?: string): ImageCacheError {
  return new ImageCacheError('INVALID_URL', detail, { hint });
}
