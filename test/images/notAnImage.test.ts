import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import { text } from './bytes.ts';
import { inspectAlone } from './inspectAlone.ts';

function refusal(bytes: Uint8Array): ImageCacheError {
  try {
    inspectAlone(bytes);
  } catch (error) {
    if (error instanceof ImageCacheError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

test.each([
  ['empty', ''],
  ['an HTML page', '<!DOCTYPE html>\n<title>Sign in</title>'],
  ['an HTML page', '  <html><body>504 Gateway Time-out</body></html>'],
  ['an HTML page', '<script>alert(1)</script>'],
  ['an XML document', '<?xml version="1.0"?><ListBucketResult></ListBucketResult>'],
  ['a PDF document', '%PDF-1.7\n1 0 obj <<>>'],
  ['a ZIP archive', 'PK\x03\x04\x14\0'],
  ['JSON', '{"error":"not found"}'],
  ['text', 'alert(1);'],
  ['a video', '\0\0\0\x18ftypisom\0\0\0\0isommp42'],
  ['a sound', 'RIFF\x24\0\0\0WAVEfmt '],
  ['a Photoshop document', '8BPS\0\x01'],
  ['a JPEG 2000 image', '\0\0\0\x0cjP  \r\n\x87\n'],
  ['of an unknown format', '\x01\x02\x03\x04'],
])('T14: a body that is %s is described, with a hint', (what, body) => {
  const error = refusal(text(body));
  expect(error.code).toBe('NOT_AN_IMAGE');
  expect(error.message).toContain(what);
  expect(error.hint).not.toBe('');
});

test('T14: gzip is named', () => {
  expect(refusal(gzipSync('<svg/>')).message).toContain('gzip');
});

test('T40: an error document of S3 is named by its code, and nothing else of it is repeated', () => {
  const error = refusal(
    text(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message>' +
        '<AWSAccessKeyId>AKIAIOSFODNN7EXAMPLE</AWSAccessKeyId><StringToSign>secret</StringToSign></Error>',
    ),
  );
  expect(error.message).toContain('AccessDenied');
  expect(JSON.stringify(error.toItem())).not.toMatch(/AKIA|secret/);
});

test('a code that is not one is not repeated', () => {
  expect(refusal(text('<Error><Code><b>X-Amz-Signature=1</b></Code></Error>')).message).toContain('unknown code');
});
