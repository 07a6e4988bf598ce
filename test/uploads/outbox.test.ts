import { mkdir, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../helpers/directory.ts';
import { refusal } from '../helpers/source.ts';
import { jobId, pictureName, sha256 } from '../helpers/uploads.ts';
import { bytes, openUploads, type TestUploads } from './fakes.ts';

const WEEK = 7 * 24 * 60 * 60_000;

/** Uploads to a bucket that cannot be reached. */
async function openOffline(settings: Parameters<typeof openUploads>[0] = {}): Promise<TestUploads> {
  const opened = await openUploads(settings);
  opened.bucket.failure = () => 'unreachable';
  return opened;
}

const check = async ({ uploads }: TestUploads, job_id: string, n: number) =>
  (await uploads.check('', [{ job_id, sha256: sha256(bytes(n)) }]))[0];

describe('the directory of the outbox', () => {
  it('is made by the first upload, for its user only, says what it is, and is kept out of version control', async () => {
    const opened = await openOffline();
    opened.uploads.start();
    await opened.clock.settle();
    await expect(stat(opened.dir)).rejects.toMatchObject({ code: 'ENOENT' });
    await opened.accept(bytes(1));
    await opened.clock.settle();
    expect((await readdir(opened.dir)).toSorted()).toEqual(
      ['.gitignore', 'README.md', 'bodies', 'done', 'drain.lock', 'jobs', 'tmp'].toSorted(),
    );
    expect(await readFile(join(opened.dir, '.gitignore'), 'utf8')).toBe('*\n');
    expect(await readFile(join(opened.dir, 'README.md'), 'utf8')).toContain('do not remove it');
    for (const name of ['', 'jobs', 'bodies', 'tmp']) {
      expect((await stat(join(opened.dir, name))).mode & 0o077).toBe(0);
    }
  });

  it('is refused where it is used for something else, and nothing is made in it', async () => {
    const dir = await temporaryDirectory();
    await writeFile(join(dir, 'index.ts'), '');
    const opened = await openOffline({ dir });
    const error = await refusal(() => opened.accept(bytes(1)));
    expect([error.code, error.message]).toEqual([
      'CACHE_DIR_UNSAFE',
      'The directory of `uploads.outboxDir` is used for something else: it holds "index.ts".',
    ]);
    expect(await readdir(dir)).toEqual(['index.ts']);
  });

  it('S1: a folder that was replaced by a link is refused', async () => {
    const opened = await openOffline();
    await opened.accept(bytes(1));
    const elsewhere = await temporaryDirectory();
    await rm(join(opened.dir, 'bodies'), { recursive: true });
    await symlink(elsewhere, join(opened.dir, 'bodies'));
    expect((await refusal(() => opened.accept(bytes(2)))).code).toBe('CACHE_DIR_UNSAFE');
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it('C11: may be removed: what was pending is needed again, and taken again', async () => {
    const opened = await openOffline();
    const { job_id } = await opened.accept(bytes(1));
    await opened.clock.settle();
    await rm(opened.dir, { recursive: true, maxRetries: 10 });
    expect(await check(opened, job_id, 1)).toEqual({ job_id, state: 'needed' });
    expect(await opened.accept(bytes(1), job_id)).toMatchObject({ state: 'accepted' });
    opened.bucket.failure = () => undefined;
    await opened.clock.advance(30_000, 1_000);
    await expect.poll(() => opened.states()).toEqual({ stored: 1 });
  });
});

describe('a picture in the outbox', () => {
  it('C29: is never sent when it is damaged, is put aside, and is needed again', async () => {
    const opened = await openOffline();
    const { job_id } = await opened.accept(bytes(1));
    await opened.clock.settle();
    const name = pictureName(bytes(1));
    await writeFile(join(opened.dir, 'bodies', name), bytes(2));
    opened.bucket.failure = () => undefined;
    await opened.clock.advance(30_000, 1_000);
    expect(opened.bucket.objects.size).toBe(0);
    expect(await readdir(join(opened.dir, 'quarantine'))).toEqual([name]);
    expect(await check(opened, job_id, 1)).toEqual({ job_id, state: 'needed' });
    await opened.accept(bytes(1), job_id);
    await expect.poll(() => opened.states()).toEqual({ stored: 1 });
  });

  it('C7: that did not come to its name is needed again', async () => {
    const opened = await openOffline();
    const { job_id } = await opened.accept(bytes(1));
    await rm(join(opened.dir, 'bodies', pictureName(bytes(1))));
    expect(await check(opened, job_id, 1)).toEqual({ job_id, state: 'needed' });
    expect((await opened.uploads.list('')).jobs).toEqual([{ job_id, state: 'needed' }]);
    expect(await opened.accept(bytes(1), job_id)).toMatchObject({ state: 'accepted', attempts: 0 });
  });

  it('stays while one of its uploads needs it, however they come and go', async () => {
    const opened = await openOffline();
    const jobs = Array.from({ length: 6 }, () => jobId());
    // Each upload of the same bytes is canceled as soon as it is there, while the next one comes.
    await Promise.all(
      jobs.map(async (job, n) => {
        await opened.accept(bytes(1), job);
        if (n > 0) await opened.uploads.cancel('', job);
      }),
    );
    expect(await check(opened, jobs[0] ?? '', 1)).toMatchObject({ state: 'accepted' });
    expect(await readdir(join(opened.dir, 'bodies'))).toEqual([pictureName(bytes(1))]);
  });

  it('is not taken for another one of the same id', async () => {
    const opened = await openOffline();
    const { job_id } = await opened.accept(bytes(1));
    const record = join(opened.dir, 'jobs', `${job_id}.json`);
    const text = await readFile(record, 'utf8');
    // As if somebody had found two pictures that share half a digest.
    await writeFile(record, text.replace(sha256(bytes(1)), sha256(bytes(1)).slice(0, 32) + '0'.repeat(32)));
    expect((await refusal(() => opened.accept(bytes(1)))).code).toBe('ID_CONFLICT');
  });
});

describe('what is left over', () => {
  it('C14: is swept: a record that is done, a picture that nobody needs, a half-written file of a process that has ended', async () => {
    const opened = await openOffline();
    const { job_id } = await opened.accept(bytes(1));
    await opened.accept(bytes(2));
    await opened.uploads.close();
    const record = await readFile(join(opened.dir, 'jobs', `${job_id}.json`), 'utf8');
    await writeFile(join(opened.dir, 'done', `${job_id}.json`), record.replace('"accepted"', '"stored"'));
    await writeFile(join(opened.dir, 'tmp', `00000000-1-${'0'.repeat(36)}.part`), 'x');

    const next = await openOffline({ dir: opened.dir });
    next.uploads.start();
    await next.clock.settle();
    expect(await readdir(join(next.dir, 'jobs'))).toHaveLength(1);
    expect(await readdir(join(next.dir, 'bodies'))).toEqual([pictureName(bytes(2))]);
    expect(await check(next, job_id, 1)).toMatchObject({ state: 'stored' });
  });

  it('is known for a week of what is done, and then forgotten', async () => {
    const opened = await openUploads();
    const { job_id } = await opened.accept(bytes(1));
    await expect.poll(() => opened.states()).toEqual({ stored: 1 });
    const old = (opened.clock.now() - WEEK - 60_000) / 1000;
    await utimes(join(opened.dir, 'done', `${job_id}.json`), old, old);
    await opened.accept(bytes(2));
    await opened.clock.advance(20_000, 1_000);
    await expect.poll(() => check(opened, job_id, 1)).toEqual({ job_id, state: 'needed' });
  });

  it('is left alone when it is no record of ours', async () => {
    const opened = await openOffline();
    await opened.accept(bytes(1));
    const torn = join(opened.dir, 'jobs', `${'0'.repeat(32)}.json`);
    await writeFile(torn, '{"job_id":');
    await writeFile(join(opened.dir, 'jobs', 'notes.txt'), 'mine');
    await mkdir(join(opened.dir, 'mine'));
    opened.bucket.failure = () => undefined;
    await opened.clock.advance(30_000, 1_000);
    await expect.poll(() => opened.states()).toEqual({ stored: 1 });
    expect((await readdir(join(opened.dir, 'jobs'))).toSorted()).toEqual([`${'0'.repeat(32)}.json`, 'notes.txt']);
    expect(opened.log).toContain(`${'0'.repeat(32)}.json in the outbox of uploads is damaged, and is left alone.`);
  });
});

it('the outbox is kept within its size, whatever is on its way', async () => {
  const opened = await openOffline({ maxOutboxSize: 25 });
  const answers = await Promise.allSettled(Array.from({ length: 5 }, (_, n) => opened.accept(bytes(n))));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect(await opened.outbox.bytes()).toBe(18);
  const [pending] = (await opened.uploads.list('')).jobs;
  await opened.uploads.cancel('', pending?.job_id ?? '');
  await opened.accept(bytes(9));
});
