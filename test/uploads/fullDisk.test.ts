import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import { fault } from '../helpers/faultyFs.ts';
import { jobId, sha256 } from '../helpers/uploads.ts';
import { bytes, openUploads } from './fakes.ts';

vi.mock('node:fs/promises', async (importActual) => {
  const { faultyFs } = await import('../helpers/faultyFs.ts');
  return faultyFs(await importActual());
});

afterEach(fault.clear);

/** What a full disk, or one that may not be written, refuses. */
const WRITES = /^(?:open|mkdir|rename|writeFile|handle\.(?:write.*|sync|datasync))$/;

it.each([
  ['ENOSPC', 'OUTBOX_DISK_FULL'],
  ['EROFS', 'CACHE_UNWRITABLE'],
])(
  'C26: %s, wherever it strikes, is said, leaves nothing behind, and loses nothing that was accepted',
  async (code, told) => {
    for (let nth = 1; ; nth += 1) {
      const opened = await openUploads();
      opened.bucket.failure = () => 'unreachable';
      await opened.accept(bytes(0));
      await opened.uploads.close();

      const next = await openUploads({ dir: opened.dir });
      const job = jobId();
      let calls = 0;
      fault.of = (name) => (WRITES.test(name) && (calls += 1) === nth ? code : undefined);
      const refused: unknown = await next.accept(bytes(1), job).then(
        () => undefined,
        (error: unknown) => error,
      );
      const reached = calls >= nth;
      fault.clear();
      if (refused !== undefined) expect(ImageCacheError.from(refused).code, `call ${nth}`).toBe(told);
      expect(await readdir(join(next.dir, 'tmp')), `call ${nth}`).toEqual([]);
      const [status] = await next.uploads.check('', [{ job_id: job, sha256: sha256(bytes(1)) }]);
      if (refused === undefined) expect(status?.state).not.toBe('needed');
      await next.accept(bytes(1), job);
      await next.clock.advance(20_000, 2_000);
      await expect.poll(() => next.states()).toEqual({ stored: 2 });
      await next.uploads.close();
      if (!reached) {
        expect(nth).toBeGreaterThan(15);
        return;
      }
    }
  },
);

it('a picture of two uploads outlives the cancellation of one, whatever the disk refuses meanwhile', async () => {
  for (let nth = 1, reached = true; reached; nth += 1) {
    const opened = await openUploads();
    opened.bucket.failure = () => 'unreachable';
    const { job_id } = await opened.accept(bytes(1));
    const twin = await opened.accept(bytes(1));
    await opened.clock.settle();
    let calls = 0;
    // As of a process that has too many files open.
    fault.of = (name) => (/^(?:open|readdir|lstat)$/.test(name) && (calls += 1) === nth ? 'EMFILE' : undefined);
    await opened.uploads.cancel('', twin.job_id).catch(() => undefined);
    reached = calls >= nth;
    fault.clear();
    const [status] = await opened.uploads.check('', [{ job_id, sha256: sha256(bytes(1)) }]);
    expect(status, `call ${nth}`).toMatchObject({ state: 'accepted' });
    await opened.uploads.close();
  }
});

it('a record that cannot be looked at is not taken for one that is gone: its picture stays', async () => {
  const opened = await openUploads();
  opened.bucket.failure = () => 'unreachable';
  const { job_id } = await opened.accept(bytes(1));
  const twin = await opened.accept(bytes(1));
  await opened.clock.settle();
  fault.of = (name, [path]) => (name === 'lstat' && String(path).endsWith(`${job_id}.json`) ? 'EIO' : undefined);
  await opened.uploads.cancel('', twin.job_id).catch(() => undefined);
  fault.clear();
  expect(await opened.uploads.check('', [{ job_id, sha256: sha256(bytes(1)) }])).toMatchObject([{ state: 'accepted' }]);
});
