import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { BucketOptions } from '../../../plugin/express.ts';
import type {
  RemovedImage,
  UploadCheckAnswer,
  UploadFindAnswer,
  UploadRemoveAnswer,
  UploadStatus,
} from '../../../plugin/uploadProtocol.ts';
import { type Child, spawnUntil } from '../../helpers/child.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { PROJECT, jobId, uploadHeaders } from '../../helpers/uploads.ts';
import { openUploadsServer } from '../../helpers/uploadsServer.ts';
import { type KillableBrowser, launchKillable } from './stand/killableBrowser.ts';
import { type TestPicture, testPicture, testPictures } from './stand/pictures.ts';
import type { ServerSettings } from './stand/server.ts';
import { type StandPage, openStandPage } from './stand/standPage.ts';
import { STAND_CORS } from './stand/uploadsStand.ts';

/**
 * A store that is not ours: `S3_SERVER='<endpoint> <access key> <secret>' npm run test:store`. It makes a bucket of its own there, and
 * removes it. docs/uploads.md says what stores do differently.
 */
const [endpoint = '', accessKeyId = '', secretAccessKey = ''] = process.env['S3_SERVER']?.split(' ') ?? [];
const credentials = { accessKeyId, secretAccessKey };
const BUCKET = `image-cache-${randomUUID()}`;
const SERVER = fileURLToPath(new URL('stand/server.ts', import.meta.url));

describe.skipIf(endpoint === '')('a store that S3_SERVER names', () => {
  const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  let directory: string;
  let stand: Child;
  let browser: KillableBrowser;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'image-cache-store-'));
    await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
    await s3.send(new PutBucketCorsCommand({ Bucket: BUCKET, CORSConfiguration: { CORSRules: [STAND_CORS] } }));
    const settings: ServerSettings = {
      directory,
      endpoint,
      bucket: BUCKET,
      credentials,
      wait: 10,
      hmr: true,
      deletes: false,
    };
    stand = await spawnUntil(process.execPath, [SERVER, JSON.stringify(settings)], 'ready ');
    browser = await launchKillable();
  });
  afterAll(async () => {
    await browser?.close();
    await stand?.kill('SIGKILL');
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    await s3.send(new DeleteBucketCommand({ Bucket: BUCKET }));
    s3.destroy();
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  });

  async function digestInBucket(Key: string): Promise<string> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    return createHash('sha256')
      .update((await Body?.transformToByteArray()) ?? '')
      .digest('hex');
  }

  const occupy = ({ key }: TestPicture) =>
    s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: 'other bytes' }));

  describe('by the server', () => {
    interface Server {
      put(picture: TestPicture, job?: string): Promise<{ status: number; upload: UploadStatus }>;
      /** When it is in a state in which it stays. */
      settled(picture: TestPicture, job: string): Promise<UploadStatus | undefined>;
    }

    async function start(option: Partial<BucketOptions> = {}): Promise<Server> {
      const bucket = { name: BUCKET, endpoint, credentials, ...option };
      const server = await openUploadsServer(await temporaryDirectory(), bucket);
      onTestFinished(() => server.close());
      const check = async ({ sha256 }: TestPicture, job: string) => {
        const answer = await fetch(`${server.base}/uploads/check`, {
          method: 'POST',
          headers: { 'Image-Cache-Project': PROJECT, 'Content-Type': 'application/json' },
          body: JSON.stringify({ jobs: [{ job_id: job, sha256 }] }),
        });
        return ((await answer.json()) as UploadCheckAnswer).jobs[0]; // the protocol says so
      };
      return {
        async put({ bytes }, job = jobId()) {
          const init = { method: 'PUT', headers: uploadHeaders(bytes), body: new Uint8Array(bytes) };
          const response = await fetch(`${server.base}/uploads/${job}`, init);
          return { status: response.status, upload: (await response.json()) as UploadStatus }; // the protocol says so
        },
        async settled(picture, job) {
          await expect.poll(async () => (await check(picture, job))?.state).toMatch(/^(?:stored|failed|blocked)$/);
          return check(picture, job);
        },
      };
    }

    it.each([
      ['small', 2_000],
      ['of 30 MB', 30_000_000],
    ])('stores a picture, %s, and answers 201', async (_, size) => {
      const picture = await testPicture('stored', size);
      const server = await start();
      expect(await server.put(picture)).toMatchObject({ status: 201, upload: { state: 'stored' } });
      expect(await digestInBucket(picture.key)).toBe(picture.sha256);
    });

    it('takes the same bytes again, from another job and from another server', async () => {
      const picture = await testPicture('again');
      const [server, other] = [await start(), await start()];
      const answers = [await server.put(picture), await server.put(picture), await other.put(picture)];
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    });

    it('takes the same bytes from two servers at once', async () => {
      const picture = await testPicture('twice', 500_000);
      const servers = [await start(), await start()];
      const answers = await Promise.all(servers.map((server) => server.put(picture)));
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect(await digestInBucket(picture.key)).toBe(picture.sha256);
    });

    it('never takes the place of other bytes', async () => {
      const picture = await testPicture('occupied');
      await occupy(picture);
      const server = await start();
      const job = jobId();
      await server.put(picture, job);
      expect(await server.settled(picture, job)).toMatchObject({ state: 'failed', error: { code: 'ID_CONFLICT' } });
      expect(await digestInBucket(picture.key)).not.toBe(picture.sha256);
    });

    it.each([
      ['a wrong secret', { credentials: { accessKeyId, secretAccessKey: 'wrong' } }, 'UPSTREAM_FORBIDDEN'],
      ['an unknown key', { credentials: { accessKeyId: 'NOSUCHKEY', secretAccessKey } }, 'UPSTREAM_FORBIDDEN'],
      ['a bucket that is not there', { name: `${BUCKET}-not` }, 'UPSTREAM_NOT_FOUND'],
    ])('is blocked by %s', async (_, option, code) => {
      const picture = await testPicture('blocked');
      const server = await start(option);
      const job = jobId();
      await server.put(picture, job);
      const upload = await server.settled(picture, job);
      expect(upload).toMatchObject({ state: 'blocked', error: { code, hint: expect.any(String) } });
      expect(JSON.stringify(upload)).not.toContain(secretAccessKey);
    });
  });

  describe('while references are kept', () => {
    interface Server {
      dir: string;
      put(picture: TestPicture, note: string): Promise<UploadStatus>;
      remove(picture: TestPicture, note: string, job_ids?: readonly string[]): Promise<RemovedImage | undefined>;
      find(picture: TestPicture, note: string): Promise<string[]>;
      /** Without its bytes. */
      add(picture: TestPicture, note: string): Promise<UploadStatus>;
    }

    async function start(gracePeriod: number): Promise<Server> {
      const dir = await temporaryDirectory();
      const uploads = { references: 'bucket', gracePeriod } as const;
      const server = await openUploadsServer(dir, { name: BUCKET, endpoint, credentials }, uploads);
      onTestFinished(() => server.close());
      const noteOf = (id: string) => ({ type: 'note', id });
      const nameOf = (key: string) => key.replace(/.*\//, '');
      const post = (path: string, body: unknown) =>
        fetch(`${server.base}/uploads/${path}`, {
          method: 'POST',
          headers: { 'Image-Cache-Project': PROJECT, 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
      return {
        dir,
        async put({ bytes }, note) {
          const headers = uploadHeaders(bytes, { 'Image-Cache-Entity': `note/${note}` });
          const init = { method: 'PUT', headers, body: new Uint8Array(bytes) };
          return (await fetch(`${server.base}/uploads/${jobId()}`, init)).json();
        },
        async remove({ key }, id, job_ids) {
          const exact = job_ids && { job_ids, exact: true };
          const answer = await post('remove', { entity: noteOf(id), images: [{ name: nameOf(key) }], ...exact });
          return ((await answer.json()) as UploadRemoveAnswer).images[0]; // the protocol says so
        },
        async find({ key }, id) {
          const answer = await post('find', { entity: noteOf(id), images: [{ name: nameOf(key) }] });
          return ((await answer.json()) as UploadFindAnswer).job_ids;
        },
        async add({ key }, id) {
          return (await post('add', { job_id: jobId(), entity: noteOf(id), image: { name: nameOf(key) } })).json();
        },
      };
    }

    const keysOf = async ({ sha256 }: TestPicture): Promise<string[]> => {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
      return Contents.map(({ Key = '' }) => Key).filter((key) => key.includes(sha256.slice(0, 32)));
    };

    it('two servers delete a picture when the last of its entities has dropped it, and one has lost its outbox', async () => {
      const picture = await testPicture('shared');
      const [a, b] = [await start(0), await start(0)];
      expect(await a.put(picture, '1')).toMatchObject({ state: 'stored' });
      expect(await b.put(picture, '2')).toMatchObject({ state: 'stored' });
      await rm(join(b.dir, '.image-outbox'), { recursive: true, force: true });
      expect(await a.remove(picture, '1')).toMatchObject({ state: 'kept' });
      expect(await digestInBucket(picture.key)).toBe(picture.sha256);
      expect(await b.remove(picture, '2')).toMatchObject({ state: 'deleted' });
      expect(await b.remove(picture, '2')).toMatchObject({ state: 'deleted' });
      expect(await keysOf(picture)).toEqual([]);
    });

    it('a late removal by one server takes nothing from an entity that was given the picture again by another one', async () => {
      const picture = await testPicture('again');
      const [a, b] = [await start(0), await start(0)];
      await a.put(picture, '1');
      const found = await a.find(picture, '1');
      expect(found).toHaveLength(1);
      expect(await b.put(picture, '1')).toMatchObject({ state: 'stored' });
      expect(await a.remove(picture, '1', found)).toMatchObject({ state: 'kept' });
      expect(await digestInBucket(picture.key)).toBe(picture.sha256);
      expect(await a.remove(picture, '1', await a.find(picture, '1'))).toMatchObject({ state: 'deleted' });
      expect(await keysOf(picture)).toEqual([]);
    });

    it('a picture that was added to another entity without its bytes stays when the first one drops it', async () => {
      const picture = await testPicture('pasted');
      const server = await start(0);
      expect(await server.add(picture, '2')).toMatchObject({ code: 'UPLOAD_UNKNOWN' });
      await server.put(picture, '1');
      expect(await server.add(picture, '2')).toMatchObject({ state: 'stored' });
      expect(await server.remove(picture, '1')).toMatchObject({ state: 'kept' });
      expect(await server.remove(picture, '2')).toMatchObject({ state: 'deleted' });
      expect(await keysOf(picture)).toEqual([]);
    });

    it('a picture that one server deletes while another one stores it is there in the end', async () => {
      const [a, b] = [await start(0), await start(0)];
      for (let n = 0; n < 10; n += 1) {
        const picture = await testPicture(`raced-${n}`);
        await a.put(picture, '1');
        const [status] = await Promise.all([b.put(picture, '2'), a.remove(picture, '1')]);
        if (status.state !== 'stored') {
          await expect.poll(async () => (await b.put(picture, '2')).state, { timeout: 30_000 }).toBe('stored');
        }
        expect(await digestInBucket(picture.key)).toBe(picture.sha256);
        expect(await b.remove(picture, '2')).toMatchObject({ state: 'deleted' });
      }
    });

    it('is deleted after its grace period by any server, unless it was put again', async () => {
      const [dropped, again] = [await testPicture('dropped'), await testPicture('put again')];
      const server = await start(2);
      for (const picture of [dropped, again]) {
        await server.put(picture, '1');
        expect(await server.remove(picture, '1')).toMatchObject({ state: 'dropped', due_at: expect.any(Number) });
      }
      await server.put(again, '2');
      await start(2);
      await expect.poll(() => keysOf(dropped), { timeout: 30_000 }).toEqual([]);
      await expect.poll(() => keysOf(again), { timeout: 30_000 }).toHaveLength(2); // itself and its reference
      expect(await digestInBucket(again.key)).toBe(again.sha256);
    });

    it('what was there before is not deleted', async () => {
      const picture = await testPicture('before');
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: picture.key, Body: picture.bytes }));
      const server = await start(0);
      expect(await server.put(picture, '1')).toMatchObject({ state: 'stored' });
      expect(await server.remove(picture, '1')).toMatchObject({ state: 'kept' });
      expect(await digestInBucket(picture.key)).toBe(picture.sha256);
    });
  });

  describe.each(['server', 'presigned'])('by the transport %s of a browser', (transport) => {
    async function open(): Promise<StandPage> {
      const tab = await openStandPage(browser.context, `http://localhost:${stand.ready}`, { transport });
      onTestFinished(() => tab.page.close());
      return tab;
    }

    it('has every picture, byte by byte', async () => {
      const pictures = [
        ...(await testPictures(5, `${transport}-`)),
        await testPicture(`${transport}-large`, 4_000_000),
      ];
      const tab = await open();
      await tab.save(...pictures);
      const names = pictures.map(({ name }) => `${name} uploaded`).toSorted();
      await expect.poll(() => tab.statuses(), { timeout: 60_000 }).toEqual(expect.arrayContaining(names));
      for (const { key, sha256 } of pictures) expect(await digestInBucket(key)).toBe(sha256);
    });

    it('never takes the place of other bytes', async () => {
      const picture = await testPicture(`${transport}-occupied`);
      await occupy(picture);
      const tab = await open();
      await tab.save(picture);
      await expect.poll(() => tab.statuses(), { timeout: 20_000 }).toContain(`${picture.name} failed`);
      const row = (await tab.rows()).find(({ filename }) => filename === picture.name);
      expect(row?.error?.code).toBe('ID_CONFLICT');
    });
  });
});
