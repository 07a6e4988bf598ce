import { spawn, spawnSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryName } from '../../plugin/cache/files/temporary.ts';
import { keyOf, pictureName, sha256 } from '../helpers/uploads.ts';
import { bytes, FakeBucket, openUploads } from './fakes.ts';

const HOUR = 60 * 60_000;

describe('a bucket that takes pictures', () => {
  it('gets each, two at a time, the oldest first', async () => {
    const opened = await openUploads();
    const { bucket, clock } = opened;
    let open = () => {};
    bucket.gate = new Promise((resolve) => (open = resolve));
    for (let n = 0; n < 6; n += 1) {
      await opened.accept(bytes(n));
      clock.jump(1);
    }
    await clock.settle();
    expect(bucket.tries).toHaveLength(2);
    open();
    await expect.poll(() => opened.states()).toEqual({ stored: 6 });
    expect(bucket.tries).toEqual([0, 1, 2, 3, 4, 5].map((n) => keyOf(bytes(n))));
    expect(bucket.mostRunning).toBe(2);
    for (const folder of ['bodies', 'jobs']) await expect.poll(() => readdir(join(opened.dir, folder))).toEqual([]);
  });

  it('gets bytes that were uploaded twice once', async () => {
    const opened = await openUploads();
    let open = () => {};
    opened.bucket.gate = new Promise((resolve) => (open = resolve));
    await Promise.all([opened.accept(bytes(1)), opened.accept(bytes(1)), opened.accept(bytes(1))]);
    await opened.clock.settle();
    open();
    await expect.poll(() => opened.states()).toEqual({ stored: 3 });
    expect(opened.bucket.tries).toHaveLength(1);
  });

  it('is told to the cache, and to the log', async () => {
    const opened = await openUploads();
    await opened.accept(bytes(1));
    await expect.poll(() => opened.states()).toEqual({ stored: 1 });
    const name = pictureName(bytes(1));
    expect(opened.told).toEqual([`take ${name}`, expect.stringMatching(`stored ${name} "`)]);
    expect(opened.log).toEqual([
      `Upload accepted: ${name}, 9 bytes, to be ${keyOf(bytes(1))}`,
      `Upload stored: ${name} as ${keyOf(bytes(1))}`,
    ]);
  });
});

describe('an outage', () => {
  it.each(['unreachable', 'transient'] as const)('of an hour, %s, fails nothing and charges nothing', async (kind) => {
    const opened = await openUploads();
    const { bucket, clock } = opened;
    bucket.failure = () => kind;
    for (let n = 0; n < 5; n += 1) await opened.accept(bytes(n));
    await clock.advance(HOUR, 30_000);
    expect(await opened.states()).toEqual({ accepted: 5 });
    const { jobs, paused } = await opened.uploads.list('');
    expect(jobs.map(({ attempts }) => attempts)).toEqual([0, 0, 0, 0, 0]);
    expect(paused).toMatchObject({ detail: `The bucket is ${kind}.`, transient: true });
    // Asked about once a minute, and by one picture at a time.
    expect(bucket.tries.length).toBeLessThan(90);
    expect(new Set(bucket.tries).size).toBe(5);

    bucket.failure = () => undefined;
    await clock.advance(2 * 60_000, 5_000);
    await expect.poll(() => opened.states()).toEqual({ stored: 5 });
    expect((await opened.uploads.list('')).paused).toBeUndefined();
  });

  it('of one picture alone, for which there are no others to tell, fails nothing', async () => {
    const opened = await openUploads();
    opened.bucket.failure = () => 'transient';
    await opened.accept(bytes(1));
    await opened.clock.advance(HOUR, 30_000);
    expect(await opened.states()).toEqual({ accepted: 1 });
    expect(opened.bucket.tries.length).toBeLessThan(90);
  });

  it('C30: a clock that is put back by a day, or forward, stops nothing', async () => {
    const opened = await openUploads();
    opened.bucket.failure = () => 'unreachable';
    await opened.accept(bytes(1));
    await opened.clock.settle();
    opened.bucket.failure = () => undefined;
    opened.clock.jump(-24 * HOUR);
    await opened.clock.advance(10_000, 1_000);
    await expect.poll(() => opened.states()).toEqual({ stored: 1 });
  });
});

describe('a picture that is refused while others are taken', () => {
  it('is failed after six tries, keeps its bytes, and is stored when somebody tries again', async () => {
    const opened = await openUploads();
    const { bucket, clock, uploads } = opened;
    const bad = keyOf(bytes(0));
    bucket.failure = ({ key }) => (key === bad ? 'transient' : undefined);
    const { job_id } = await opened.accept(bytes(0));
    for (let n = 1; n < 60; n += 1) {
      await opened.accept(bytes(n));
      await clock.advance(60_000, 30_000);
    }
    const [status] = await uploads.check('', [{ job_id, sha256: sha256(bytes(0)) }]);
    expect(status).toMatchObject({ state: 'failed', attempts: 6, error: { detail: 'The bucket is transient.' } });
    expect(bucket.tries.filter((key) => key === bad).length).toBeGreaterThanOrEqual(6);
    expect(await readdir(join(opened.dir, 'bodies'))).toEqual([pictureName(bytes(0))]);
    expect(opened.log.filter((line) => line.startsWith('Upload failed'))).toHaveLength(1);

    bucket.failure = () => undefined;
    expect(await uploads.retry('', job_id)).toMatchObject({ state: 'accepted', attempts: 0 });
    await expect.poll(() => opened.states()).toEqual({ stored: 60 });
  });

  it('is failed at once where it is refused for good, and the others go on', async () => {
    const opened = await openUploads();
    const bad = keyOf(bytes(0));
    opened.bucket.failure = ({ key }) => (key === bad ? 'refused' : undefined);
    for (let n = 0; n < 4; n += 1) await opened.accept(bytes(n));
    await expect.poll(() => opened.states()).toEqual({ failed: 1, stored: 3 });
    expect(opened.bucket.tries.filter((key) => key === bad)).toHaveLength(1);
  });
});

describe('what has to be put right elsewhere', () => {
  it('blocks all, charges nothing, is looked at every minute, and is over by itself', async () => {
    const opened = await openUploads();
    const { bucket, clock, uploads } = opened;
    bucket.failure = () => 'blocked';
    for (let n = 0; n < 3; n += 1) await opened.accept(bytes(n));
    await clock.settle();
    expect((await uploads.list('')).blocked).toMatchObject({ code: 'UPSTREAM_FORBIDDEN', hint: 'Wait.' });
    const tries = bucket.tries.length;
    await clock.advance(10 * 60_000, 10_000);
    expect(bucket.tries.length - tries).toBeGreaterThanOrEqual(9);
    expect(bucket.tries.length - tries).toBeLessThanOrEqual(11);
    bucket.failure = () => undefined;
    await clock.advance(70_000, 10_000);
    await expect.poll(() => opened.states()).toEqual({ stored: 3 });
    expect((await uploads.list('')).blocked).toBeUndefined();
  });
});

describe('several servers on one outbox', () => {
  /** As a process leaves it that is killed while it sends. */
  async function leaveLock(dir: string, pid: number): Promise<void> {
    await mkdir(join(dir, 'drain.lock'));
    await writeFile(join(dir, 'drain.holder'), temporaryName().replace(`-${process.pid}-`, `-${pid}-`));
  }

  it('one that was killed on this machine leaves its turn at once to the next, and one that runs keeps it', async () => {
    const { pid: ended } = spawnSync(process.execPath, ['--version']);
    const running = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    onTestFinished(() => void running.kill());
    for (const [pid, tries] of [
      [ended, 1],
      [running.pid ?? 0, 0],
    ] as const) {
      const left = await openUploads();
      left.bucket.failure = () => 'unreachable';
      await left.accept(bytes(1));
      await left.clock.settle();
      await left.uploads.close();
      await leaveLock(left.dir, pid);
      const next = await openUploads({ dir: left.dir });
      next.clock.jump(60_000); // it is due
      next.uploads.start();
      await next.clock.settle();
      expect(next.bucket.tries).toHaveLength(tries);
      await next.uploads.close();
    }
  });

  it('C20: one sends, and the other takes over when that one ends', async () => {
    const bucket = new FakeBucket();
    let open = () => {};
    bucket.gate = new Promise((resolve) => (open = resolve));
    const first = await openUploads({ bucket });
    const second = await openUploads({ bucket, dir: first.dir, clock: first.clock });
    await first.accept(bytes(1));
    await first.clock.settle();
    await second.accept(bytes(2));
    await second.accept(bytes(3));
    await first.clock.advance(5_000, 1_000);
    expect(bucket.mostRunning).toBe(2); // those of the first
    const closing = first.uploads.close();
    open();
    await closing;
    await second.clock.advance(5_000, 500);
    await expect.poll(() => second.states()).toEqual({ stored: 3 });
  });

  it('what a server has left is sent by the next, and by one that runs already', async () => {
    const first = await openUploads();
    first.bucket.failure = () => 'unreachable';
    await first.accept(bytes(1));
    await first.uploads.close();
    const second = await openUploads({ dir: first.dir });
    second.uploads.start();
    await second.clock.advance(60_000, 1_000);
    await expect.poll(() => second.states()).toEqual({ stored: 1 });

    const third = await openUploads({ dir: first.dir, bucket: first.bucket });
    await third.accept(bytes(2));
    await third.uploads.close();
    await second.clock.advance(30_000, 1_000);
    await expect.poll(() => second.states()).toEqual({ stored: 2 });
  });
});
