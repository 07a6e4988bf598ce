/**
 * Names of parameters that grant access to an object, or that say whose signature it is: those of all services in `signatures.ts`
 * except imgix, whose `s` is too short to search for. They are found in a URL, in a URL inside another URL (however often
 * encoded), in JSON and in an `Authorization` header.
 */
const NAMES =
  'X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token|Date|Expires|SignedHeaders|Algorithm)|' +
  '(?:AWS|OSS)?AccessKeyId|access-key-id|q-ak|GoogleAccessId|Signature|Credential|Policy|Key-Pair-Id|sig|' +
  '(?:access_|auth_)?token|auth_key|authorization';

/**
 * What comes before a name: any character that is not part of a word, or such a character escaped in JSON or in a URL
 * (`amp%3Bsig`), however often. `EQUALS` is what comes after a name, also in HTML. A dash in a name may be escaped, too, because
 * S3 accepts that.
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

/** A user name and password inside a URL. The length of the scheme is limited, so that a long text takes linear time. */
const USER_INFO = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]+@/gi;

/**
 * Removes everything that could grant access to an object from a text for a log, an error or an answer. This is a second line of
 * defence: callers should pass canonical URLs in the first place.
 * Limit: it knows only the parameter names above. A token with another name (of a custom CDN) is safe only because canonical URLs
 * contain at most a digest of it.
 */
export function redact(text: string): string {
  return text
    .replace(SECRET_PARAMETER, '$1[redacted]')
    .replace(TOKEN_HEADER, '$1[redacted]')
    .replace(ACCESS_KEY, '[redacted]')
    .replace(USER_INFO, '$1[redacted]@');
}
