/**
 * Parameters that grant access to an object: SigV4, SigV2, CloudFront, GCS, Azure SAS, and the session token; in a
 * URL, in a URL inside another URL (however often encoded), in JSON and in an `Authorization` header. The identity
 * of an image leaves them out for the same reason that a log does.
 */
const SECRET_PARAMETER =
  /((?:X-(?:Amz|Goog)-(?:Signature|Credential|Security-Token|Date|Expires|SignedHeaders|Algorithm)|(?:\b|%(?:25)*(?:26|3F)|\\u0026)(?:AWSAccessKeyId|GoogleAccessId|Signature|Credential|Policy|Key-Pair-Id|sig))(?:=|%(?:25)*3D))[^\s&"'<>\\),]*/gi;

/** The session token as a header, e.g. in a printed request. */
const TOKEN_HEADER = /(x-amz-security-token["']?: ?["']?)[^\s"',]+/gi;

/** Access keys in running text, e.g. in S3's own error XML: long-lived (AKIA) and temporary (ASIA) ones. */
const ACCESS_KEY = /\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g;

/** A user name and password inside a URL. The scheme is bounded so that a long text without one takes linear time. */
const USER_INFO = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]+@/gi;

/**
 * Strips whatever could grant access to an object from a text meant for a log, an error or an answer. A defence in
 * depth: callers are expected to pass canonical URLs in the first place. It knows the parameter names above, so a
 * signature under a name of its own (a custom CDN's token) is only safe because canonical URLs never carry it.
 */
export function redact(text: string): string {
  return text
    .replace(SECRET_PARAMETER, '$1[redacted]')
    .replace(TOKEN_HEADER, '$1[redacted]')
    .replace(ACCESS_KEY, '[redacted]')
    .replace(USER_INFO, '$1[redacted]@');
}
