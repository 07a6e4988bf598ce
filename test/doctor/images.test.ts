import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { beforeAll, describe, expect, it } from 'vitest';
import { findings, doctorFor, startServer } from '../helpers/doctor.ts';
import { jpeg } from '../helpers/images.ts';
import { errorXml } from '../helpers/rawUpstream.ts';
import { startBucket } from '../helpers/stack.ts';

const BUCKET = {
  name: 'photos',
  endpoint: 'http://127.0.0.1:9',
  credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
};
let image: Buffer;
beforeAll(async () => {
  image = await jpeg(1);
});

/** A doctor for a bucket with one picture, and what the doctor says of a URL. */
async function start() {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', image, { contentType: 'image/jpeg' });
  const doctor = doctorFor({ options: { buckets: [bucket.option] } });
  const { endpoint, credentials } = bucket.option;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  return { bucket, doctor, client };
}

/** What the doctor finds with a URL that is signed by nobody, so that only the URL is looked at. */
async function findingsOf(query: string, region?: string) {
  const aws = { name: 'photos', ...(region !== undefined && { region }) };
  const doctor = doctorFor({ options: { buckets: [aws] } });
  const { checks } = await doctor.examine(`https://photos.s3.amazonaws.com/a.jpg?${query}`);
  const wrong = checks.find(({ status }) => status === 'fail' || status === 'warn');
  return { found: findings(checks), wrong, checks };
}

const amzDate = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
const signed = (parameters: Record<string, string> = {}) =>
  new URLSearchParams({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDCANARY/20260101/us-east-1/s3/aws4_request',
    'X-Amz-Date': amzDate(Date.now()),
    'X-Amz-Expires': '900',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Signature': 'cafe',
    ...parameters,
  }).toString();

describe('I27: what is wrong with an image is found, and nothing else', () => {
  it('nothing is: each step of the download, until where it would be stored', async () => {
    const { bucket, doctor } = await start();
    for (const url of [await bucket.presign('a.jpg'), 's3://photos/a.jpg']) {
      const { ok, checks } = await doctor.examine(url);
      expect(findings(checks)).toEqual([]);
      expect(ok).toBe(true);
      expect(checks.find(({ id }) => id === 'image.whole')?.detail).toBe('image/jpeg, 48 × 32 pixels.');
      expect(checks.at(-1)?.detail).toMatch(
        /^As \.image-cache\/images\/default\/default_[0-9a-f]{16}_[0-9a-f]{32}\.jpg/,
      );
    }
    expect(bucket.server.stats.requests).toBe(2);
  });

  it('a signature that is to last longer than seven days', async () => {
    const { found, wrong, checks } = await findingsOf(signed({ 'X-Amz-Expires': '604801' }));
    expect(found).toEqual(['fail image.signature']);
    expect(wrong).toMatchObject({ detail: expect.stringContaining('604801 seconds'), fix: 'expiresIn: 604800' });
    // What follows would fail for the same reason.
    expect(checks.find(({ id }) => id === 'image.name')).toMatchObject({ status: 'skip', after: 'image.signature' });
    expect((await findingsOf(signed({ 'X-Amz-Expires': '604800', 'x-id': 'PutObject' }))).found).toHaveLength(1);
  });

  it('a URL that is signed for an upload', async () => {
    const { doctor, client } = await start();
    const put = new PutObjectCommand({ Bucket: 'photos', Key: 'a.jpg' });
    const told = await doctor.examine(await getSignedUrl(client, put));
    expect(findings(told.checks)).toEqual(['fail image.signature']);
    expect(told.checks.find(({ status }) => status === 'fail')).toMatchObject({
      detail: expect.stringContaining('PutObject'),
    });
    client.destroy();
  });

  it('a signed header that nobody sends', async () => {
    const { bucket, doctor, client } = await start();
    const command = new GetObjectCommand({ Bucket: 'photos', Key: 'a.jpg' });
    command.middlewareStack.add(
      (next) => (args) => {
        const { request } = args as { request: { headers: Record<string, string> } };
        request.headers['x-amz-tenant'] = 'me';
        return next(args);
      },
      { step: 'build' },
    );
    const url = await getSignedUrl(client, command, { unhoistableHeaders: new Set(['x-amz-tenant']) });
    const { checks } = await doctor.examine(url);
    expect(findings(checks)).toEqual(['fail image.signature']);
    expect(checks.find(({ status }) => status === 'fail')?.detail).toContain('x-amz-tenant');
    expect(bucket.server.stats.requests).toBe(0);
  });

  it('an expired signature fails; if the image is cached, it only warns', async () => {
    const query = signed({ 'X-Amz-Date': amzDate(Date.now() - 3_600_000) });
    expect((await findingsOf(query)).wrong).toMatchObject({
      status: 'fail',
      id: 'image.signature',
      detail: expect.stringContaining('expired 45 minutes ago'),
    });
    const { bucket } = await start();
    const entry = { size_bytes: 5, cached_at: Date.now(), local_path: 'p' };
    const doctor = doctorFor({
      options: { buckets: [bucket.option] },
      cache: { glance: async () => ({ entry: entry as never, isCertain: true }) },
    });
    const { checks } = await doctor.examine(await bucket.presign('a.jpg', 3_600));
    expect(checks.find(({ id }) => id === 'image.signature')?.status).toBe('warn');
    expect(checks.find(({ id }) => id === 'image.cached')?.detail).toContain('5 bytes in p,');
  });

  it('a temporary token warns, since the URL works until the token ends', async () => {
    const { bucket, doctor, client } = await start();
    const { endpoint, credentials } = bucket.option;
    const session = new S3Client({
      endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { ...credentials, sessionToken: 'CANARYTOKEN' },
    });
    const url = await getSignedUrl(session, new GetObjectCommand({ Bucket: 'photos', Key: 'a.jpg' }));
    const { ok, checks } = await doctor.examine(url);
    expect(findings(checks)).toEqual(['warn image.signature']);
    expect(ok).toBe(true);
    expect(JSON.stringify(checks)).not.toContain('CANARY');
    client.destroy();
    session.destroy();
  });

  it('SigV2 where AWS does not take it', async () => {
    const query = 'AWSAccessKeyId=A&Signature=s&Expires=4102444800';
    expect((await findingsOf(query, 'eu-central-1')).found).toEqual(['fail image.signature']);
  });

  it.each([
    ['https://other.s3.amazonaws.com/a.jpg', "buckets: ['other']"],
    ['s3://other/a.jpg', "buckets: ['other']"],
    [
      'https://team-123456789012.s3-accesspoint.us-east-1.amazonaws.com/a.jpg',
      "buckets: [{ name: '<bucket>', cdn: ['team-123456789012.s3-accesspoint.us-east-1.amazonaws.com'] }]",
    ],
  ])('a bucket that is not listed, with the line that lists it: %s', async (url, fix) => {
    const { checks } = await doctorFor({ options: { buckets: [BUCKET] } }).examine(url);
    expect(findings(checks)).toEqual(['fail image.identity']);
    expect(checks).toEqual([expect.objectContaining({ status: 'fail', fix })]);
  });

  it('a key outside the prefix', async () => {
    const doctor = doctorFor({ options: { buckets: [{ ...BUCKET, prefix: 'public/' }] } });
    const { checks } = await doctor.examine('s3://photos/private/a.jpg');
    expect(findings(checks)).toEqual(['fail image.identity']);
    expect(checks[0]).toMatchObject({ hint: expect.stringContaining('`public/`') });
  });

  it('a URL that is only a name', async () => {
    const doctor = doctorFor({ options: { buckets: [BUCKET] } });
    const { checks } = await doctor.examine(`http://127.0.0.1:9/photos/a.jpg?auth=~${'0'.repeat(32)}`);
    expect(findings(checks)).toEqual(['fail image.identity']);
  });

  /** What a server answers in place of the image, the check that fails, and a word of what to do. */
  const REFUSALS: [name: string, status: number, body: string, check: string, hint: string][] = [
    [
      'KMS',
      403,
      errorXml('AccessDenied', 'not authorized to perform: kms:Decrypt on resource'),
      'answer',
      'kms:Decrypt',
    ],
    ['a disabled key of KMS', 400, errorXml('KMS.DisabledException'), 'answer', 'kms:Decrypt'],
    ['an archived object', 403, errorXml('InvalidObjectState'), 'answer', 'restore it'],
    ['a token that has expired', 400, errorXml('ExpiredToken'), 'answer', 'newly signed URL'],
    [
      'another region',
      400,
      errorXml('AuthorizationHeaderMalformed', '', '<Region>eu-west-1</Region>'),
      'answer',
      'eu-west-1',
    ],
    ['no permission', 403, errorXml('AccessDenied'), 'answer', 'no permission'],
    ['no such object', 404, errorXml('NoSuchKey'), 'answer', 'Check the key'],
    ['another signature', 403, errorXml('SignatureDoesNotMatch'), 'answer', 'an upload (PUT)'],
    ['a login page', 200, '<!doctype html><title>Hotel</title>', 'whole', 'login'],
  ];
  it.each(REFUSALS)('%s', async (_name, status, body, check, hint) => {
    const endpoint = await startServer((_request, response) => {
      response.writeHead(status, { 'Content-Type': body.startsWith('<!doctype') ? 'text/html' : 'application/xml' });
      response.end(body);
    });
    const doctor = doctorFor({ options: { buckets: [{ ...BUCKET, endpoint }] } });
    const { checks } = await doctor.examine(`${endpoint}/photos/a.jpg?${signed()}`);
    expect(findings(checks)).toEqual([`fail image.${check}`]);
    expect(checks.find(({ status: found }) => found === 'fail')?.hint).toContain(hint);
  });

  it('a body that is cut', async () => {
    const { bucket, doctor } = await start();
    bucket.server.faults.cut = 1;
    const { checks } = await doctor.examine(await bucket.presign('a.jpg'));
    expect(findings(checks)).toEqual(['fail image.bytes']);
  });
});

it('I29: asks for nothing but the image, once, and nothing that it says contains the signature', async () => {
  const { bucket, doctor } = await start();
  const url = await bucket.presign('a.jpg');
  const answer = await doctor.examine(url);
  expect(bucket.server.stats.requests).toBe(1);
  expect(JSON.stringify(answer)).not.toContain(new URL(url).searchParams.get('X-Amz-Signature'));
  expect(JSON.stringify(answer)).not.toContain('DEMOKEY');
});
