import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createS3Source } from '../../plugin/source/index.ts';
import { s3Error } from '../../plugin/source/s3Error.ts';
import { isTransient } from '../../plugin/source/transientError.ts';
import { networkError } from '../../plugin/source/networkError.ts';
import { certificate } from '../http/expressAppCertificate.ts';
import { answer, errorXml, startRawUpstream } from '../helpers/rawUpstream.ts';
import { bucket, fastClock, MemorySink, refusal, sourceOptions } from '../helpers/source.ts';

const never = new AbortController().signal;

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port; // it listens on TCP
}

/** What becomes of the object of a bucket with this endpoint, bare and by a signed URL of the same server. */
async function ask(endpoint: string, url = `${endpoint}/photos/a.jpg?X-Amz-Signature=s`) {
  const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(endpoint) })]), {
    clock: fastClock(1),
  });
  onTestFinished(() => source.close());
  const get = async (each: string) => await source.download(source.identify(each), new MemorySink(), never);
  return { bare: await refusal(get('s3://photos/a.jpg')), signed: await refusal(get(url)) };
}

describe('E14: an endpoint with the wrong scheme', () => {
  it('https to an http server is reported with what to write, at the first attempt', async () => {
    let asked = 0;
    const server = http.createServer().on('connection', () => asked++);
    const port = await listen(server);
    const { bare, signed } = await ask(`https://127.0.0.1:${port}`);
    for (const error of [bare, signed]) {
      expect(error.message).toContain('does not speak https');
      expect(error.hint).toContain(`endpoint: 'http://127.0.0.1:${port}'`);
      expect(error.code).toBe('UPSTREAM_UNREACHABLE');
    }
    expect(asked).toBe(2);
  });

  it.each([
    ['Go, and so MinIO', 'Client sent an HTTP request to an HTTPS server.\n'],
    ['nginx', '<html><center>The plain HTTP request was sent to HTTPS port</center></html>'],
    ['Apache', "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"],
    ['Tomcat', 'Bad Request\r\nThis combination of host and port requires TLS.\r\n'],
  ])('http to an https server (%s), too', async (_, body) => {
    const upstream = await startRawUpstream(({ socket }) => socket.end(answer(400, {}, body)));
    onTestFinished(() => upstream.close());
    const { bare, signed } = await ask(upstream.origin);
    for (const error of [bare, signed]) expect(error.hint).toContain(`endpoint: 'https://127.0.0.1:${upstream.port}'`);
  });

  it('http to a server that answers with a TLS alert, too', async () => {
    const upstream = await startRawUpstream(({ socket }) => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46])));
    onTestFinished(() => upstream.close());
    const { bare, signed } = await ask(upstream.origin);
    for (const error of [bare, signed]) {
      expect(error.message).toContain('does not speak http:');
      expect(error.hint).toContain(`endpoint: 'https://127.0.0.1:${upstream.port}'`);
    }
  });

  it('http to a Node server that closes without an answer: the hint asks about the scheme', async () => {
    const port = await listen(https.createServer(certificate));
    const { bare } = await ask(`http://127.0.0.1:${port}`);
    expect(bare.hint).toContain('does the server speak https?');
  });

  it.each([
    ['https://127.0.0.1:9000', 'http://127.0.0.1:9000'],
    ['http://127.0.0.1:9000', 'https://127.0.0.1:9000'],
    ['https://minio.example/s3', 'http://minio.example/s3'],
  ])('%s, but URLs are signed for %s: the hint has both solutions', async (endpoint, signedFor) => {
    const source = createS3Source(sourceOptions([bucket('photos', { endpoint: new URL(endpoint) })]));
    const error = await refusal(() => source.identify(`${signedFor}/photos/a.jpg?X-Amz-Signature=s`));
    expect(error.code).toBe('INVALID_URL_SCHEME');
    expect(error.hint).toContain(`endpoint: '${signedFor}'`);
    expect(error.hint).toContain(`sign`);
    expect(error.hint).toContain(endpoint);
  });

  it('http to a CDN or AWS: the hint does not propose to configure it', async () => {
    const source = createS3Source(sourceOptions([bucket('photos', { cdn: ['img.example.com'] })]));
    for (const url of ['http://img.example.com/a.jpg', 'http://photos.s3.amazonaws.com/a.jpg']) {
      const error = await refusal(() => source.identify(url));
      expect(error.hint).toMatch(/^Write https:\/\//);
    }
  });
});

describe('E14: a signer whose clock is ahead', () => {
  const search = '?X-Amz-Date=20260101T120000Z&X-Amz-Expires=900&X-Amz-Signature=s';
  const refused = (body: string, date: string, query = search) =>
    s3Error(
      { status: 403, headers: { date }, body },
      {
        bucket: bucket('photos'),
        signed: true,
        asAsked: { scheme: 'https:', host: 'x', path: '/a', search: query },
      },
    );
  const EARLIER = 'Thu, 01 Jan 2026 11:00:00 GMT';
  const SAME = 'Thu, 01 Jan 2026 12:00:30 GMT';

  it.each([
    [errorXml('AccessDenied', 'Request is not yet valid'), EARLIER],
    [errorXml('AccessDenied', 'Request is not valid yet'), 'no date'],
    [errorXml('AccessDenied', 'Access Denied'), EARLIER],
    ['', EARLIER],
  ])('is reported for %s at %s', (body, date) => {
    const error = refused(body, date);
    expect(error.code).toBe('UPSTREAM_FORBIDDEN');
    expect(error.message).toMatch(/^The URL was signed for a later time: the origin/);
    expect(error.hint).toContain('clock of the machine that signed the URL');
    expect(error.hint).not.toContain('permission');
  });

  it.each([
    ['?X-Goog-Date=20260101T120000Z&X-Goog-Expires=900&X-Goog-Signature=s'],
    ['?st=2026-01-01T12%3A00%3A00Z&se=2026-01-01T13%3A00%3A00Z&sig=s'],
  ])('is recognised by the URL of other stores, too: %s', (query) => {
    expect(refused('', EARLIER, query).message).toMatch(/^The URL was signed for a later time/);
  });

  it.each([
    [errorXml('AccessDenied', 'Access Denied'), SAME],
    [errorXml('AccessDenied', 'Access Denied'), 'no date'],
    [errorXml('SignatureDoesNotMatch'), EARLIER],
    [errorXml('InvalidAccessKeyId'), EARLIER],
  ])('is not guessed: %s at %s', (body, date) => {
    expect(refused(body, date).message).toMatch(/^The origin/);
  });

  it('for a bare URL, the hint names the clock of this machine', () => {
    const error = s3Error(
      { status: 403, headers: {}, body: errorXml('AccessDenied', 'Request is not yet valid') },
      { bucket: bucket('photos'), signed: false, asAsked: undefined },
    );
    expect(error.hint).toContain('clock of this machine');
  });
});

describe('E14: answers that are not from S3', () => {
  const request = {
    protocol: 'https:',
    hostname: 'photos.s3.amazonaws.com',
    port: undefined,
    path: '/',
    headers: {},
  } as const;
  const hintFor = (code: string, message = '') =>
    networkError(Object.assign(new Error(message), { code }), request).hint;

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS.*company.*NODE_USE_SYSTEM_CA/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /NODE_EXTRA_CA_CERTS/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /NODE_EXTRA_CA_CERTS/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /for other names.*forcePathStyle/],
    ['CERT_HAS_EXPIRED', /clock/],
    ['CERT_NOT_YET_VALID', /clock/],
    ['ENOTFOUND', /does not resolve.*NODE_USE_ENV_PROXY/],
    ['EAI_AGAIN', /does not resolve/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', /login page of a network/],
  ])('%s', (code, hint) => expect(hintFor(code)).toMatch(hint));

  it('another TLS failure is not tried again, and the hint does not propose another scheme', () => {
    const error = networkError(Object.assign(new Error('sslv3 alert handshake failure'), { code: 'EPROTO' }), request);
    expect(isTransient(error)).toBe(false);
    expect(error.hint).not.toContain("endpoint: 'http");
    expect(error.hint).toContain('TLS');
  });

  it.each([302, 403, 404, 511])('an HTML page with the status %i is reported as one', (status) => {
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      location: 'http://login.example/?X-Amz-Signature=CANARY',
    };
    const object = { bucket: bucket('photos'), signed: true, asAsked: undefined };
    const error = s3Error({ status, headers, body: '<html><title>Sign in</title>' }, object);
    expect(error.hint).toMatch(/HTML.*(?:login|proxy)/);
    expect(`${error.message} ${error.hint}`).not.toContain('CANARY');
  });

  it('an error of S3 is not, even if a proxy changes its type to HTML', () => {
    const object = { bucket: bucket('photos'), signed: true, asAsked: undefined };
    const answer_ = { status: 404, headers: { 'content-type': 'text/html' }, body: errorXml('NoSuchKey') };
    expect(s3Error(answer_, object).hint).toContain('Check the key');
  });

  it('a server at another port that is not S3 is recognised by its answer', async () => {
    vi.stubEnv('AWS_REGION', 'us-east-1');
    const port = await listen(
      http.createServer((_request, response) =>
        response.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>Not found</h1>'),
      ),
    );
    const { bare } = await ask(`http://127.0.0.1:${port}`);
    expect(bare.hint).toContain('an S3 server listens');
    vi.unstubAllEnvs();
  });
});
