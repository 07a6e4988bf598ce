import type { IncomingMessage } from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import type { UploadsAnswer, UploadStatus } from '../../plugin/uploadProtocol.ts';
import { AuthorizedUploads } from '../../plugin/http/authorizedUploads.ts';
import { ImageCacheError } from '../../plugin/errors.ts';
import type { Uploads } from '../../plugin/uploads/index.ts';
import { jpeg } from '../helpers/images.ts';
import { startBucket } from '../helpers/stack.ts';
import { jobId, startUploads } from '../helpers/uploads.ts';

const NEUTRAL = {
  detail: 'The server cannot store pictures at the moment.',
  hint: 'The reason is in the log of the server.',
};

describe('what a server of one’s own tells visitors', () => {
  it('N8: says nothing of keys and buckets that are wrong, and logs the reason', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const bucket = await startBucket();
    const buckets = [{ ...bucket.option, credentials: { accessKeyId: 'AKIAOLD', secretAccessKey: 'wrong' } }];
    const api = await startUploads(bucket, { buckets, logLevel: 'warn' });
    const picture = await jpeg(1);
    const job = jobId();
    const put = (await (await api.put(job, picture)).json()) as UploadStatus;
    const { jobs, blocked } = (await (await api.call('GET', '/uploads')).json()) as UploadsAnswer;
    const errors = [put.error, (await api.check(job, picture))?.error, jobs[0]?.error, blocked];
    for (const error of errors) expect(error).toEqual({ code: 'UPSTREAM_FORBIDDEN', ...NEUTRAL });
    expect(warn.mock.calls.flat().join('\n')).toMatch(/Upload blocked: .*UPSTREAM_FORBIDDEN .*AccessKey/i);
  });

  it('N8: says nothing of hosts that cannot be reached, and logs it once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const bucket = await startBucket();
    bucket.server.faults.offline = true;
    const api = await startUploads(bucket, { logLevel: 'warn' });
    const first: unknown = await (await api.put(jobId(), await jpeg(2))).json();
    const second: unknown = await (await api.put(jobId(), await jpeg(3))).json();
    expect([first, second]).toMatchObject([
      { error: { code: 'UPSTREAM_UNREACHABLE', ...NEUTRAL, transient: true } },
      { error: { code: 'UPSTREAM_UNREACHABLE', ...NEUTRAL, transient: true } },
    ]);
    const lines = warn.mock.calls.flat().filter((line) => String(line).includes('Uploads wait: UPSTREAM_UNREACHABLE'));
    expect(lines).toHaveLength(1);
  });

  it('N8: asks to sign in, and logs one line however many are refused', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const api = await startUploads(await startBucket(), { authorizeUpload: () => false, logLevel: 'warn' });
    const problems: unknown[] = await Promise.all(
      [1, 2, 3].map(async (): Promise<unknown> => (await api.put(jobId(), await jpeg(4))).json()),
    );
    for (const problem of problems) {
      expect(problem).toMatchObject({
        code: 'NOT_AUTHORIZED',
        detail: 'You are not signed in, or may not upload pictures here.',
        hint: 'Sign in. The pictures wait in the browser until then.',
      });
    }
    const lines = warn.mock.calls.flat().filter((line) => String(line).includes('authorizeUpload'));
    expect(lines).toEqual([
      "[image-cache] Uploads were refused: `authorizeUpload` returned no owner (action 'upload'). The user may not be signed in.",
    ]);
  });

  const full = new ImageCacheError('OUTBOX_DISK_FULL', 'The disk that holds the outbox of uploads is full.');
  const own = new ImageCacheError('UPLOAD_EMPTY', 'The picture is empty.', { hint: 'Pick it again.' });
  it.each([
    ['a visitor is not told of the disk', 'ann', full, NEUTRAL.detail, 1],
    ['a visitor is told what is wrong with the picture', 'ann', own, own.message, 0],
    ['the developer is told everything', undefined, full, full.message, 0],
  ])('N8: when an upload is refused, %s', async (_, owner, error, detail, lines) => {
    const uploads: Pick<Uploads, 'list'> = { list: () => Promise.reject(error) };
    const logger = { warn: vi.fn<(message: string) => void>() };
    const authorizeUpload = owner === undefined ? undefined : () => owner;
    const context = { uploads: uploads as Uploads, project: 'p', waitMs: 0, authorizeUpload }; // nothing else is called
    const authorized = new AuthorizedUploads(context, logger);
    const request = { headers: { 'image-cache-project': 'p' } } as unknown as IncomingMessage; // nothing else is read
    await expect(authorized.list(request)).rejects.toMatchObject({ code: error.code, message: detail });
    expect(logger.warn).toHaveBeenCalledTimes(lines);
  });
});
