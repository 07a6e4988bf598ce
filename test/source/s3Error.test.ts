import { describe, expect, test } from 'vitest';
import { s3Error } from '../../plugin/source/s3Error.ts';
import { isTransient } from '../../plugin/source/transientError.ts';
import { errorXml } from '../helpers/rawUpstream.ts';
import { bucket } from '../helpers/source.ts';

const signed = { bucket: bucket('photos'), signed: true, asAsked: undefined };
const bare = { bucket: bucket('photos'), signed: false, asAsked: undefined };

describe('what an answer means', () => {
  test.each([
    [403, errorXml('AccessDenied', 'Request has expired'), 'UPSTREAM_EXPIRED', false],
    [400, errorXml('ExpiredToken'), 'UPSTREAM_EXPIRED', false],
    [403, errorXml('RequestTimeTooSkewed'), 'UPSTREAM_EXPIRED', false],
    [400, errorXml('ExpiredRequest'), 'UPSTREAM_EXPIRED', false],
    [403, errorXml('SignatureDoesNotMatch'), 'UPSTREAM_FORBIDDEN', false],
    [403, errorXml('InvalidAccessKeyId'), 'UPSTREAM_FORBIDDEN', false],
    [400, errorXml('AuthorizationQueryParametersError'), 'UPSTREAM_FORBIDDEN', false],
    [400, errorXml('AuthorizationHeaderMalformed'), 'UPSTREAM_FORBIDDEN', false],
    [403, 'not XML at all', 'UPSTREAM_FORBIDDEN', false],
    [401, '', 'UPSTREAM_FORBIDDEN', false],
    [404, errorXml('NoSuchKey'), 'UPSTREAM_NOT_FOUND', false],
    [404, errorXml('NoSuchBucket'), 'UPSTREAM_NOT_FOUND', false],
    [404, '', 'UPSTREAM_NOT_FOUND', false],
    [410, '', 'UPSTREAM_NOT_FOUND', false],
    [301, errorXml('PermanentRedirect'), 'UPSTREAM_REDIRECT', false],
    [307, errorXml('SlowDown'), 'UPSTREAM_REDIRECT', false],
    [400, errorXml('TemporaryRedirect'), 'UPSTREAM_REDIRECT', false],
    [503, errorXml('SlowDown'), 'UPSTREAM_THROTTLED', true],
    [503, '', 'UPSTREAM_THROTTLED', true],
    [429, '', 'UPSTREAM_THROTTLED', true],
    [500, errorXml('InternalError'), 'UPSTREAM_ERROR', true],
    [502, '<html>', 'UPSTREAM_ERROR', true],
    [400, errorXml('RequestTimeout'), 'UPSTREAM_ERROR', true],
    [400, errorXml('InvalidArgument'), 'UPSTREAM_ERROR', false],
    [400, errorXml('constructor'), 'UPSTREAM_ERROR', false],
    [412, '', 'UPSTREAM_ERROR', false],
  ])('%i %s is %s, transient: %s', (status, body, code, transient) => {
    const error = s3Error({ status, headers: {}, body }, signed);
    expect(error.code).toBe(code);
    expect(isTransient(error)).toBe(transient);
    expect(error.message).toContain(`photos answered ${status}`);
  });
});

describe('what to do about it', () => {
  const hintOf = (status: number, body: string, object: typeof signed = signed, headers = {}) =>
    s3Error({ status, headers, body }, object).hint;

  test('an expired signature and expired credentials differ', () => {
    expect(hintOf(403, errorXml('ExpiredToken'))).toContain('newly signed');
    expect(hintOf(403, errorXml('ExpiredToken'), bare)).toContain('sign in again');
  });

  test('N5: the error of a request without credentials does not mention them', () => {
    const asAsked = { scheme: 'https:', host: 'img.example.com', path: '/x', search: '?w=1' } as const;
    const hint = s3Error({ status: 403, headers: {}, body: '' }, { ...bare, asAsked }).hint;
    expect(hint).toContain('without credentials');
    expect(hint).toContain('s3://photos/<key>');
    expect(hintOf(403, '', bare)).toContain('s3:GetObject');
  });

  test('an unknown access key differs from one without permission, and the hint says where it is from', () => {
    const unknown = errorXml('InvalidAccessKeyId', '', '<AWSAccessKeyId>AKIDTEST</AWSAccessKeyId>');
    const at = (endpoint: string) => ({ ...bare, bucket: bucket('photos', { endpoint: new URL(endpoint) }) });
    const chain = { ...bare, bucket: bucket('photos', { credentials: undefined }) };

    expect(hintOf(403, unknown, bare)).toContain('of the option `credentials` of the bucket is unknown to AWS');
    expect(hintOf(403, unknown, at('http://127.0.0.1:9000'))).toContain('is unknown to 127.0.0.1:9000');
    expect(hintOf(403, unknown, chain)).toContain('that the AWS provider chain found is unknown to AWS');
    expect(hintOf(403, unknown, signed)).toContain('that signed the URL is unknown to AWS');
    for (const object of [bare, chain, signed]) {
      expect(hintOf(403, unknown, object)).not.toMatch(/s3:GetObject|AKIDTEST|not-a-secret/);
    }
  });

  test('a wrong clock is reported', () => {
    expect(hintOf(403, errorXml('RequestTimeTooSkewed'))).toContain('clock');
  });

  test('the region of a bucket is in the hint, from the header or the XML', () => {
    expect(hintOf(301, '', signed, { 'x-amz-bucket-region': 'eu-west-3' })).toContain('eu-west-3');
    expect(hintOf(400, errorXml('AuthorizationHeaderMalformed', '', '<Region>eu-west-3</Region>'))).toContain(
      'eu-west-3',
    );
  });

  test('the hint for a wrong region differs for a signed URL and a bare one', () => {
    const body = errorXml('AuthorizationHeaderMalformed', '', '<Region>eu-west-3</Region>');
    expect(hintOf(400, body, bare)).toBe("The bucket is in eu-west-3: set its `region` to 'eu-west-3'.");
    expect(hintOf(400, body, signed)).toBe('The bucket is in eu-west-3: sign the URL for that region.');
  });

  test('T30: the Endpoint of a redirect is quoted only when it looks like a host', () => {
    const redirect = (endpoint: string) =>
      hintOf(301, errorXml('PermanentRedirect', '', `<Endpoint>${endpoint}</Endpoint>`));
    expect(redirect('b.s3.eu-west-3.amazonaws.com')).toContain('b.s3.eu-west-3.amazonaws.com');
    expect(redirect('javascript:alert(1)')).not.toContain('javascript');
    expect(redirect('a\nb')).toBe('Redirects are not followed.');
  });

  test('a bucket that R2 does not find may be one with a jurisdiction', () => {
    const r2 = { ...bare, bucket: bucket('b', { endpoint: new URL('https://a.r2.cloudflarestorage.com') }) };
    expect(hintOf(404, errorXml('NoSuchBucket'), r2)).toContain('jurisdiction');
  });
});

describe('a signature that expired, at an origin that only says AccessDenied', () => {
  const codeOf = (search: string, date: string, body = errorXml('AccessDenied')) => {
    const asAsked = { scheme: 'https:', host: 'x', path: '/x', search } as const;
    return s3Error({ status: 403, headers: { date }, body }, { ...signed, asAsked }).code;
  };

  test.each([
    '?X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-Signature=s',
    '?X-Goog-Date=20260101T000000Z&X-Goog-Expires=60&X-Goog-Signature=s',
    '?Expires=1767225660&Signature=s&Key-Pair-Id=k',
    '?se=2026-01-01T00%3A01%3A00Z&sig=s',
    '?X-Tos-Date=20260101T000000Z&X-Tos-Expires=60&X-Tos-Signature=s',
    '?x-oss-date=20260101T000000Z&x-oss-expires=60&x-oss-signature=s',
    '?OSSAccessKeyId=a&Expires=1767225660&Signature=s',
    '?q-sign-time=1767225600%3B1767225660&q-signature=s',
    '?token=t&expires=1767225660',
  ])('%s is recognised by the clock of the origin', (search) => {
    expect(codeOf(search, 'Thu, 01 Jan 2026 00:01:01 GMT')).toBe('UPSTREAM_EXPIRED');
    expect(codeOf(search, 'Thu, 01 Jan 2026 00:00:59 GMT')).toBe('UPSTREAM_FORBIDDEN');
    expect(codeOf(search, 'no date')).toBe('UPSTREAM_FORBIDDEN');
  });

  test('is named in the detail', () => {
    const detailOf = (body: string, object = signed) => s3Error({ status: 403, headers: {}, body }, object).message;
    const answered = 'the origin of bucket photos answered 403';
    expect(detailOf(errorXml('AccessDenied', 'Request has expired'))).toBe(
      `The signature of the URL has expired: ${answered} AccessDenied.`,
    );
    expect(detailOf(errorXml('ExpiredRequest'))).toContain('The signature of the URL has expired');
    expect(detailOf(errorXml('ExpiredToken'))).toContain('The credentials that signed the URL have expired');
    expect(detailOf(errorXml('AccessDenied'))).toBe('The origin of bucket photos answered 403 AccessDenied.');
    expect(detailOf(errorXml('RequestTimeTooSkewed'))).toMatch(/^The origin/);
    expect(detailOf(errorXml('ExpiredToken'), bare)).toMatch(/^The origin/);
  });

  test('is not assumed if the origin gives another reason, or the URL has no expiry', () => {
    const late = 'Thu, 01 Jan 2027 00:00:00 GMT';
    expect(codeOf('?Expires=1&Signature=s', late, errorXml('SignatureDoesNotMatch'))).toBe('UPSTREAM_FORBIDDEN');
    expect(codeOf('?X-Amz-Date=then&X-Amz-Expires=60', late)).toBe('UPSTREAM_FORBIDDEN');
    expect(codeOf('', late)).toBe('UPSTREAM_FORBIDDEN');
  });
});

describe('Retry-After', () => {
  const waitOf = (headers: Record<string, string>) => s3Error({ status: 503, headers, body: '' }, signed).retryAfterMs;

  test.each([
    [{}, undefined],
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '86400' }, 30_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT', date: 'Thu, 01 Jan 2026 00:00:00 GMT' }, 5_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:00 GMT', date: 'Thu, 01 Jan 2026 00:00:05 GMT' }, 0],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }, undefined],
  ])('%j is %s', (headers, ms) => {
    expect(waitOf(headers)).toBe(ms);
  });
});
