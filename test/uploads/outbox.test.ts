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
      ['.gitignore', 'README.md', 'bodies', 'done', 'drain.holder', 'drain.lock', 'jobs', 'tmp'].toSorted(),
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
    expect(opened.log).toContain(
      `${'0'.repeat(32)}.json in the outbox of uploads cannot be read: it is damaged, or of a newer version. It is left alone, and its picture is kept.`,
    );
  });
});

describe('a record that cannot be read', () => {
  /** Changes the record of an upload on the disk as another version of this package may have written it. */
  async function rewrite(opened: TestUploads, job_id: string, change: (text: string) => string): Promise<void> {
    const file = join(opened.dir, 'jobs', `${job_id}.json`);
    await writeFile(file, change(await readFile(file, 'utf8')));
  }

  it.each([
    ['has a state of a newer version', (text: string) => text.replace('"accepted"', '"linking"')],
    ['is empty, as after a power cut on some file systems', () => ''],
    ['is torn', (text: string) => text.slice(0, 40)],
  ])('%s: its picture is kept, which may be the only copy', async (_, change) => {
    const opened = await openOffline();
    const { job_id } = await opened.accept(bytes(1));
    await opened.clock.settle();
    await opened.uploads.close();
    await rewrite(opened, job_id, change);

    const next = await openUploads({ dir: opened.dir });
    next.uploads.start();
    await next.clock.settle();
    // Others come and go meanwhile.
    await next.accept(bytes(2));
    await expect.poll(() => next.states()).toEqual({ stored: 1 });
    await next.clock.advance(30_000, 1_000);
    expect(await readdir(join(next.dir, 'bodies'))).toContain(pictureName(bytes(1)));
    expect(await readdir(join(next.dir, 'jobs'))).toEqual([`${job_id}.json`]);
  });

  it('that is so only in its error, of a newer version: it is sent', async () => {
    const opened = await openOffline();
    const { job_id } = await opened.accept(bytes(1));
    await opened.clock.settle();
    await opened.uploads.close();
    await rewrite(opened, job_id, (text) => text.replace('"code":"', '"code":"NEW_'));
    const next = await openUploads({ dir: opened.dir });
    next.uploads.start();
    await next.clock.advance(10_000, 1_000);
    await expect.poll(() => next.states()).toEqual({ stored: 1 });
  });

  it('does not keep a picture that is known to be in the bucket, when it is of another one', async () => {
    const opened = await openOffline();
    const { job_id } = await opened.accept(bytes(1));
    await opened.clock.settle();
    await rewrite(opened, job_id, (text) => text.replace('"accepted"', '"linking"'));
    opened.bucket.failure = () => undefined;
    await opened.accept(bytes(2));
    await opened.clock.advance(30_000, 1_000);
    await expect.poll(() => opened.states()).toEqual({ stored: 1 });
    await expect.poll(() => readdir(join(opened.dir, 'bodies'))).toEqual([pictureName(bytes(1))]);
  });
});

it('the outbox is kept within its size, whatever is on its way', async () => {
  const opened = await openOffline({ maxOutboxSize: 25 });
  const answers = await Promise.allSettled(Array.from({ length: 5 }, (_, n) => opened.accept(bytes(n))));
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  expect(await opened.outbox.use()).toEqual({ bytes: 18, uploads: 2 });
  const [pending] = (await opened.uploads.list('')).jobs;
  await opened.uploads.cancel('', pending?.job_id ?? '');
  await opened.accept(bytes(9));
});

it('the outbox is kept within its size by uploads that do not say how long they are, and come one after the other', async () => {
  const opened = await openOffline({ maxOutboxSize: 25 });
  // All of them have begun before the first one has come.
  const uploads = Array.from({ length: 5 }, (_, n) => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    const answer = opened.uploads.accept({
      jobId: jobId(),
      owner: '',
      sha256: sha256(bytes(n)),
      filename: undefined,
      size: undefined,
      body: (async function* () {
        await gate;
        yield bytes(n);
      })(),
    });
    return {
      go,
      answer: answer.then(
        () => 'taken',
        ({ code }) => String(code),
      ),
    };
  });
  await opened.clock.settle();
  const answers: string[] = [];
  for (const { go, answer } of uploads) {
    go();
    answers.push(await answer);
  }
  expect(answers).toEqual(['taken', 'taken', 'OUTBOX_FULL', 'OUTBOX_FULL', 'OUTBOX_FULL']);
  expect(await opened.outbox.use()).toEqual({ bytes: 18, uploads: 2 });
});

it('an owner finds their own uploads, however many others there are', async () => {
  const opened = await openUploads();
  const { job_id } = await opened.accept(bytes(1));
  await expect.poll(() => opened.states()).toEqual({ stored: 1 });
  const outdated = jobId();
  await opened.uploads.cancel('other', outdated);
  await utimes(join(opened.dir, 'done', `${outdated}.json`), 0, 0);
  await Promise.all(Array.from({ length: 1_001 }, () => opened.uploads.cancel('other', jobId())));
  expect((await opened.uploads.list('')).jobs).toMatchObject([{ job_id, state: 'stored' }]);
  // They are bounded, also where nothing is sent any more.
  expect(await readdir(join(opened.dir, 'done'))).not.toContain(`${outdated}.json`);
});
