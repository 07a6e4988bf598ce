import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TransportJob, UploadTransport } from '../../../../components/uploads/transport.ts';
import { presignedTransport } from '../../../../components/uploads/transports/presignedTransport.ts';
import { serverTransport } from '../../../../components/uploads/transports/serverTransport.ts';
import { toUploadError, UploadError } from '../../../../components/uploads/uploadError.ts';
import { pngBytes } from '../pictures.ts';
import { type PictureServer, startPictureServer } from './pictureServer.ts';

let server: PictureServer;
beforeEach(async () => {
  server = await startPictureServer();
});
afterEach(() => server.close());

function jobOf(number: number, project = 'shop'): { job: TransportJob; body: Blob } {
  const bytes = pngBytes(number);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const imageId = sha256.slice(0, 32);
  const key = `uploads/${imageId.slice(0, 2)}/${imageId}.png`;
  const jobId = number.toString(16).padStart(32, '0');
  const ref = `/api/cache/i/${imageId}.png`;
  const size = bytes.length;
  const job = { jobId, project, owner: '', imageId, sha256, key, ref, size, type: 'image/png', filename: 'Ü 1.png' };
  return { job, body: new Blob([bytes], { type: 'image/png' }) };
}

const never = new AbortController().signal;
const context = (onProgress: (loaded: number) => void = () => {}) => ({ signal: never, onProgress });

/** As an app would write it: see the docstring of UploadTransport. */
function ownTransport(origin: string): UploadTransport {
  return {
    async send(job, body, { signal }) {
      const bytes = await body.arrayBuffer();
      const response = await fetch(`${origin}/own/${job.key}`, { method: 'PUT', body: bytes, signal });
      if (response.ok) return { state: 'stored' };
      const kind = response.status === 413 ? 'permanent' : response.status === 403 ? 'blocked' : 'transient';
      throw new UploadError({ code: 'REFUSED', message: `HTTP ${response.status}`, kind });
    },
  };
}

const sign = ({ key, method }: { key: string; method: string }): { url: string } => ({
  url: `${server.origin}/bucket/${key}?X-Amz-Signature=${method}`,
});

describe.each<[string, (origin: string) => UploadTransport]>([
  ['serverTransport', (origin) => serverTransport({ base: `${origin}/api/cache` })],
  ['presignedTransport', () => presignedTransport({ sign })],
  ['the app’s own', ownTransport],
])('%s', (name, make) => {
  let transport: UploadTransport;
  beforeEach(() => {
    transport = make(server.origin);
  });

  const failure = async (number = 1): Promise<UploadError> => {
    const { job, body } = jobOf(number);
    return transport.send(job, body, context()).then(() => {
      throw new Error('It was sent.');
    }, toUploadError);
  };

  test('brings the bytes there, and says that they are stored', async () => {
    const { job, body } = jobOf(1);
    const seen: number[] = [];
    const answer = await transport.send(
      job,
      body,
      context((loaded) => seen.push(loaded)),
    );
    expect(answer.state).toBe('stored');
    const [object] = server.objects.values();
    expect(object?.bytes.equals(Buffer.from(pngBytes(1)))).toBe(true);
    if (name !== 'the app’s own') expect(seen.at(-1)).toBe(job.size);
    expect(JSON.stringify(answer)).not.toContain('X-Amz-Signature');
  });

  test('a second time changes nothing', async () => {
    const { job, body } = jobOf(1);
    await transport.send(job, body, context());
    expect(await transport.send(job, body, context())).toMatchObject({ state: 'stored' });
    expect(server.objects.size).toBe(1);
    if (name !== 'the app’s own') expect([...server.objects.values()][0]?.writes).toBe(1);
  });

  test('C13: a lost answer is no end: it is unreachable, and the next try finds the picture stored', async () => {
    const { job, body } = jobOf(1);
    server.faults.push('cut after storing');
    expect(await failure()).toMatchObject({ kind: 'unreachable' });
    if (transport.check) expect(await transport.check([job], { signal: never })).toMatchObject([{ state: 'stored' }]);
    expect(await transport.send(job, body, context())).toMatchObject({ state: 'stored' });
  });

  test.each([
    [503, 'transient'],
    [429, 'transient'],
    [403, 'blocked'],
    [413, 'permanent'],
  ] as const)('HTTP %i is %s', async (status, kind) => {
    server.faults.push({ status });
    expect(await failure()).toMatchObject({ kind });
  });

  test('nothing answers: unreachable', async () => {
    await server.close();
    expect(await failure()).toMatchObject({ kind: 'unreachable' });
  });

  test('is broken off when it is told to', async () => {
    server.faults.push('never answered');
    const { job, body } = jobOf(1);
    const abort = new AbortController();
    const sent = transport.send(job, body, { ...context(), signal: abort.signal });
    setTimeout(() => abort.abort(), 30);
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('says of what it has never sent that it is needed', async () => {
    if (!transport.check) return;
    expect(await transport.check([jobOf(7).job], { signal: never })).toEqual([{ state: 'needed' }]);
  });
});

describe('serverTransport', () => {
  const transport = (): UploadTransport => serverTransport({ base: `${server.origin}/api/cache/` });

  test('sends the headers of the contract', async () => {
    const { job, body } = jobOf(1);
    await transport().send(job, body, context());
    expect(server.requests.at(-1)).toMatchObject({
      method: 'PUT',
      path: `/api/cache/uploads/${job.jobId}`,
      headers: {
        'content-type': 'image/png',
        'content-digest': `sha-256=:${Buffer.from(job.sha256, 'hex').toString('base64')}:`,
        'image-cache-project': 'shop',
        'image-cache-filename': '%C3%9C%201.png',
      },
    });
    expect(server.requests.at(-1)?.headers).not.toHaveProperty('image-cache-entity');
    await transport().send({ ...job, entity: { type: 'Übung', id: 'a/1', serverId: 'never' } }, body, context());
    expect(server.requests.at(-1)?.headers['image-cache-entity']).toBe('%C3%9Cbung/a%2F1');
  });

  test('asks by which uploads an entity has pictures, and then takes back exactly these and its own', async () => {
    const [imageId, ext] = ['ab'.repeat(16), 'jpg'];
    const images = [{ imageId, ext, key: `uploads/ab/${imageId}.jpg` }];
    const entity = { type: 'note', id: '1', serverId: 'never' };
    const removal = { project: 'shop', owner: '', entity, images, jobIds: ['0'.repeat(32)] };
    const jobs = ['0'.repeat(32), '1'.repeat(32)];
    server.found = jobs;
    await transport().remove?.(removal, { signal: never, isWished: async () => true });
    const asked = { entity: { type: 'note', id: '1' }, images: [{ name: `${imageId}.jpg` }] };
    const headers: unknown = expect.objectContaining({ 'image-cache-project': 'shop' });
    expect(server.requests).toEqual([
      { method: 'POST', path: '/api/cache/uploads/find', headers, body: asked },
      { method: 'POST', path: '/api/cache/uploads/remove', headers, body: { ...asked, job_ids: jobs, exact: true } },
    ]);
  });

  test('takes nothing back when a picture was added again while it asked', async () => {
    const images = [{ imageId: 'ab'.repeat(16), ext: 'jpg', key: `uploads/ab/${'ab'.repeat(16)}.jpg` }];
    const removal = { project: 'shop', owner: '', entity: { type: 'note', id: '1' }, images, jobIds: [] };
    const removing = transport().remove?.(removal, { signal: never, isWished: async () => false });
    await expect(removing).rejects.toMatchObject({ code: 'TAKEN_BACK', kind: 'transient' });
    expect(server.requests.map(({ path }) => path)).toEqual(['/api/cache/uploads/find']);
  });

  test.each([
    ['@acme/shop-1a2b3c4d', '@acme/shop-1a2b3c4d'],
    ['Läden', 'L%C3%A4den'],
  ])('the project %s is sent as the server compares it, in each call', async (project, expected) => {
    const { job, body } = jobOf(1, project);
    const own = transport();
    await own.send(job, body, context());
    await own.check?.([job], { signal: never });
    await own.probe?.({ signal: never });
    expect(server.requests.map(({ headers }) => headers['image-cache-project'])).toEqual(Array(3).fill(expected));
  });

  test('the owner is sent with each call about pictures, so that those of one user never become those of another', async () => {
    const { job, body } = jobOf(1);
    const own = transport();
    const of = { ...job, owner: 'änn@x' };
    await own.send(of, body, context());
    await own.check?.([of], { signal: never });
    await own.retry?.(of, { signal: never });
    await own.cancel?.(of, { signal: never });
    await own.send(job, body, context());
    const sent = server.requests.map(({ headers }) => headers['image-cache-owner']);
    expect(sent).toEqual([...Array<string>(4).fill('%C3%A4nn%40x'), undefined]);
  });

  test('202 is accepted; check, retry, cancel and probe', async () => {
    server.uploads = 'accepted';
    const { job, body } = jobOf(1);
    const own = transport();
    expect(await own.send(job, body, context())).toMatchObject({ state: 'accepted' });
    expect(await own.check?.([job], { signal: never })).toMatchObject([{ state: 'accepted' }]);
    expect(await own.retry?.(job, { signal: never })).toMatchObject({ state: 'accepted' });
    await own.probe?.({ signal: never });
    await own.cancel?.(job, { signal: never });
    expect(await own.check?.([job], { signal: never })).toMatchObject([{ state: 'needed' }]);
    expect(await own.retry?.(job, { signal: never })).toEqual({ state: 'needed' });
    // It is not there any more, which is what was asked for.
    await own.cancel?.(job, { signal: never });
  });

  test('what blocks a server that has the bytes is told with its hint, and they are not sent again', async () => {
    server.uploads = 'blocked';
    const { job, body } = jobOf(1);
    const error = { code: 'UPSTREAM_FORBIDDEN', hint: 'Set credentials.' };
    expect(await transport().send(job, body, context())).toMatchObject({ state: 'accepted', error });
    expect(await transport().check?.([job], { signal: never })).toMatchObject([{ state: 'blocked', error }]);
  });

  test.each([
    [503, { status: 503, retryAfter: '7' }, { kind: 'transient', retryAfterMs: 7_000 }],
    [507, { status: 507, code: 'OUTBOX_FULL' }, { kind: 'blocked', code: 'OUTBOX_FULL' }],
    [404, { status: 404, code: 'UPLOADS_OFF' }, { kind: 'blocked', code: 'UPLOADS_OFF' }],
    [400, { status: 400, code: 'UPLOAD_DIGEST' }, { kind: 'transient', code: 'UPLOAD_DIGEST' }],
    [415, { status: 415, code: 'UPLOAD_NOT_AN_IMAGE' }, { kind: 'permanent', code: 'UPLOAD_NOT_AN_IMAGE' }],
    [409, { status: 409, code: 'UPLOAD_CONFLICT' }, { kind: 'permanent', code: 'UPLOAD_CONFLICT' }],
  ])('%i: %o', async (_, fault, expected) => {
    server.faults.push(fault);
    const { job, body } = jobOf(1);
    await expect(transport().send(job, body, context())).rejects.toMatchObject(expected);
  });

  test('another project on this port blocks the queue, and touches nothing', async () => {
    const { job, body } = jobOf(1, 'other');
    await expect(transport().send(job, body, context())).rejects.toMatchObject({
      kind: 'blocked',
      code: 'OTHER_PROJECT',
    });
  });

  test('a page that does not know where the server is says what to do', async () => {
    const { job, body } = jobOf(1);
    const own = serverTransport({ base: false });
    await expect(own.send(job, body, context())).rejects.toMatchObject({ kind: 'blocked', code: 'NOT_CONFIGURED' });
  });
});

describe('presignedTransport', () => {
  test('signs checksum, type, size and `If-None-Match`', async () => {
    const { job, body } = jobOf(1);
    const asked: unknown[] = [];
    const transport = presignedTransport({
      sign(request) {
        asked.push(request);
        return sign(request);
      },
    });
    expect(await transport.send(job, body, context())).toEqual({
      state: 'stored',
      s3_url: `${server.origin}/bucket/${job.key}`,
    });
    expect(asked).toEqual([
      {
        method: 'PUT',
        key: job.key,
        sha256: job.sha256,
        size: job.size,
        type: 'image/png',
        headers: {
          'content-type': 'image/png',
          'x-amz-checksum-sha256': Buffer.from(job.sha256, 'hex').toString('base64'),
          'if-none-match': '*',
        },
      },
    ]);
  });

  test('a store that shows no checksum is read back and hashed', async () => {
    server.store.showsChecksum = false;
    const { job, body } = jobOf(1);
    expect(await presignedTransport({ sign }).send(job, body, context())).toMatchObject({ state: 'stored' });
    expect(server.requests.map(({ method }) => method)).toEqual(['PUT', 'HEAD', 'GET']);
  });

  test('a store without `If-None-Match` is written without, and that is remembered', async () => {
    server.store.takesConditions = false;
    const transport = presignedTransport({ sign });
    for (const number of [1, 2]) {
      const { job, body } = jobOf(number);
      expect(await transport.send(job, body, context())).toMatchObject({ state: 'stored' });
    }
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual(['*', undefined, undefined]);
  });

  test('a store that answers 403 for what is not there, since its signer may not list it, blocks nothing', async () => {
    server.store.hidesMissing = true;
    expect(await presignedTransport({ sign }).check?.([jobOf(7).job], { signal: never })).toEqual([
      { state: 'needed' },
    ]);
  });

  test('ID_CONFLICT: other bytes under the key are never overwritten', async () => {
    const { job, body } = jobOf(1);
    server.objects.set(job.key, { bytes: Buffer.from('other'), writes: 1 });
    const error = { kind: 'permanent', code: 'ID_CONFLICT' };
    await expect(presignedTransport({ sign }).send(job, body, context())).rejects.toMatchObject(error);
    expect(server.objects.get(job.key)?.bytes.toString()).toBe('other');
  });

  test('a backend that cannot be asked to sign is unreachable', async () => {
    const { job, body } = jobOf(1);
    const transport = presignedTransport({
      sign() {
        throw new TypeError('Failed to fetch');
      },
    });
    const error = await transport.send(job, body, context()).catch(toUploadError);
    expect(error).toMatchObject({ kind: 'unreachable' });
  });
});

test('a message of the app’s own never carries a signature into the page’s storage', () => {
  const error = toUploadError(new Error('PUT https://b.s3.amazonaws.com/a?X-Amz-Signature=secret failed'));
  expect(error.message).toBe('PUT https://b.s3.amazonaws.com/a?… failed');
});
