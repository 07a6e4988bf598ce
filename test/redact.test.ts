import { describe, expect, test } from 'vitest';
import { redact } from '../plugin/redact.ts';
import { cpuMs } from './helpers/cpuMs.ts';
import { SIGNED_URLS, withQuery } from './helpers/signedUrls.ts';

const PRESIGNED =
  'https://b.s3.amazonaws.com/a.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=CANARY3%2F20260101%2Fus-east-1&X-Amz-Security-Token=CANARY2%2B%2F%3D&X-Amz-Signature=CANARY1&x-id=GetObject';

describe('T19: a text contains nothing that grants access', () => {
  test.each([
    ['a presigned URL', PRESIGNED],
    ['in a sentence', `GET ${PRESIGNED}, tried (${PRESIGNED})`],
    ['in lower case', PRESIGNED.toLowerCase().replaceAll('canary', 'CANARY')],
    ['as a parameter of another URL', `/api/cache/image?url=${encodeURIComponent(PRESIGNED)}&w=1`],
    ['encoded twice', encodeURIComponent(encodeURIComponent(PRESIGNED))],
    ['in JSON', JSON.stringify({ s3_url: PRESIGNED })],
    ['in JSON that escapes the ampersand', JSON.stringify(PRESIGNED).replaceAll('&', '\\u0026')],
    ['in HTML', `<img src="${PRESIGNED.replaceAll('&', '&amp;')}">`],
    ['S16: behind an escaped ampersand of HTML', 'a.jpg%3Fsv%3D1%26amp%3Bsig%3DCANARY'],
    ['S16: the same encoded twice', encodeURIComponent('a.jpg%3Fsv%3D1%26amp%3Bsig%3DCANARY')],
    ['S16: behind a semicolon', 'https://x.blob.core.windows.net/a?sv=2024;sig=CANARY;Signature=CANARY'],
    ['S16: behind an encoded semicolon', 'https://x.blob.core.windows.net/a%3Fsv%3D2024%3Bsig%3DCANARY'],
    ['S16: behind a numeric entity', 'a?sv=1&#38;sig=CANARY&#x26;Signature=CANARY'],
    ['S16: with a numeric entity for the equals sign', 'a?sv=1&amp;sig&#61;CANARY&amp;Signature&#x3d;CANARY'],
    ['S16: in JSON that escapes more', String.raw`a?sv=1\u003bsig\u003dCANARY`],
    [
      'S16: behind an encoded blank, quote, line or hash',
      'x%20sig=CANARY %22Signature=CANARY %0ASig=CANARY %23sig=CANARY',
    ],
    [
      'S16: with encoded dashes',
      'https://b.s3.amazonaws.com/a?X%2DAmz%2DSignature=CANARY&X%252dAmz-Credential%253DCANARY',
    ],
    ['SigV2', 'https://b.s3.amazonaws.com/a?AWSAccessKeyId=CANARY&Expires=1&Signature=CANARY%3D'],
    ['CloudFront', 'https://d1.cloudfront.net/a?Policy=CANARY~_&Signature=CANARY&Key-Pair-Id=CANARY'],
    [
      'CloudFront, encoded',
      encodeURIComponent('https://d1.cloudfront.net/a?Policy=CANARY&Signature=CANARY&Key-Pair-Id=CANARY'),
    ],
    ['GCS', 'https://storage.googleapis.com/b/a?X-Goog-Credential=CANARY&X-Goog-Signature=CANARY'],
    ['Azure SAS', 'https://x.blob.core.windows.net/c/a?sv=2024&sp=r&sig=CANARY%3D'],
    ['a header', 'authorization: AWS4-HMAC-SHA256 Credential=CANARY/20260101, SignedHeaders=host, Signature=CANARY'],
    ['a printed request', `{ 'x-amz-security-token': 'CANARY/+==', "X-Amz-Security-Token":"CANARY" }`],
    ['user-info', 'https://CANARY:CANARY@s3.example.com/a'],
  ])('%s', (_, text) => {
    expect(redact(text)).not.toContain('CANARY');
    expect(redact(text)).toContain('[redacted]');
  });

  /** The parameters of a signature that grant access, or say whose it is; `s` of imgix is too short a word. */
  const SECRET = /(?:signature|token|credential|accesskeyid|access-key-id|q-ak|sig|authorization|policy)$/i;
  test.each(SIGNED_URLS.filter(({ service }) => service !== 'imgix'))('N5: of $service', ({ url, signings }) => {
    for (const signing of signings) {
      const pairs = signing.split('&').map((pair) => pair.split('='));
      const secret = pairs.map(([name = '', value]) => `${name}=${SECRET.test(name) ? 'CANARY' : value}`).join('&');
      expect(secret).toContain('CANARY');
      const text = withQuery(url, secret);
      for (const each of [text, encodeURIComponent(text), encodeURIComponent(encodeURIComponent(text))]) {
        expect(redact(each)).not.toContain('CANARY');
      }
    }
  });

  test('an access key is recognised anywhere in a text', () => {
    expect(redact('<AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId>')).toBe(
      '<AWSAccessKeyId>[redacted]</AWSAccessKeyId>',
    );
    expect(redact('key ASIAIOSFODNN7EXAMPLE is gone')).toBe('key [redacted] is gone');
  });
});

test('the text around a secret is kept', () => {
  expect(redact(`GET ${PRESIGNED} failed`)).toBe(
    'GET https://b.s3.amazonaws.com/a.jpg?X-Amz-Algorithm=[redacted]&X-Amz-Credential=[redacted]&X-Amz-Security-Token=[redacted]&X-Amz-Signature=[redacted]&x-id=GetObject failed',
  );
});

test.each([
  'https://b.s3.amazonaws.com/a/b%20c.jpg?versionId=1&response-content-type=image%2Fpng',
  'The policy of the bucket: signature required, design=flat, passe=1',
  'mailto: someone@example.com',
  'a%20design=1&amp;passe%3D1;unsigned=no',
])('a text without secrets is left as it is: %s', (text) => {
  expect(redact(text)).toBe(text);
});

test('takes linear time, whatever the text', () => {
  const start = cpuMs();
  for (const part of [
    'a.',
    'a://',
    'X-Amz-',
    '%25',
    '%2525',
    '%26amp%3B',
    'X%2DAmz',
    'sig=',
    'sig&#61;',
    'AKIA',
    'x@',
    'x-amz-security-token: ',
  ]) {
    redact(part.repeat(200_000 / part.length));
  }
  expect(cpuMs() - start).toBeLessThan(1_000);
});
