/**
 * Parameters that grant access to an object, or say whose signature it is: of all services in `signatures.ts` but imgix, whose `s` is
 * too short a word; in a URL, in a URL inside another URL (however often encoded), in JSON and in an `Authorization` header. The
 * identity of an image leaves them out for the same reason that a log does.
 */
const NAMES =
  'X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token|Date|Expires|SignedHeaders|Algorithm)|' +
  '(?:AWS|OSS)?AccessKeyId|access-key-id|q-ak|GoogleAccessId|Signature|Credential|Policy|Key-Pair-Id|sig|' +
  '(?:access_|auth_)?token|auth_key|authorization';

/**
 * What stands before a name: anything that is no part of a word, or its escape in a URL (`amp%3Bsig`), however often encoded, or
 * in JSON. And what stands behind it, also in HTML. A dash may be escaped as well, and S3 reads it.
 */
const BEFORE = String.raw`(?:\b|%(?:25)*[0-9A-F]{2}|\\u00[0-9A-F]{2})`;
const EQUALS = String.raw`(?:=|%(?:25)*3D|\\u003D|&#(?:61|x3D);|&equals;)`;
const SECRET_PARAMETER = new RegExp(
  String.raw`(${BEFORE}(?:${NAMES.replaceAll(/-(?!\w*\()/g, '(?:-|%(?:25)*2D)')})${EQUALS})[^\s&"'<>\\),]*`,
  'gi',
);

/** The session token as a header, e.g. in a printed request. */
const TOKEN_HEADER = /(x-amz-security-token["']?: ?["']?)[^\s"',]+/gi;

/** Access keys in running text, e.g. in S3's own error XML: long-lived (AKIA) and temporary (ASIA) ones. */
const ACCESS_KEY = /\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g;

/** A user name and password inside a URL. The scheme is bounded so that a long text without one takes linear time. */
const USER_INFO = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]+@/gi;

/**
 * Strips whatever could grant access to an object from a text meant for a log, an error or an answer. A defence in
 * depth: callers are expected to pass canonical URLs in the first place. It knows the parameter names above, so a
 * signature under a name of its own (a custom CDN's token) is only safe because canonical URLs hold a digest of it at most.
 */
export function redact(text: string): string {
  return text
    .replace(SECRET_PARAMETER, '$1[redacted]')
    .replace(TOKEN_HEADER, '$1[redacted]')
    .replace(ACCESS_KEY, '[redacted]')
    .replace(USER_INFO, '$1[redacted]@');
}
