import { cp, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { expectStored, expectVersion, imagesIn, openDirectory, openTwo, stopped } from '../helpers/sharedDirectory.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, which take a while to be started

/* More of the kind of R1 to R4: whatever writes an image, and is overtaken by the removal of it in another process. */

describe('a revalidation', () => {
  it('that found v2, and ends when the image was invalidated and v3 was stored, changes nothing', async () => {
    const { a, b, origin } = await openTwo();
    await a.call('readUrl', 'photo');
    origin.change('photo');
    const held = origin.hold('last byte');
    const slow = a.call('revalidate', 'photo');
    await held.reached;
    await b.call('invalidate', 'photo');
    origin.change('photo');
    await b.call('readUrl', 'photo');
    held.release();
    await slow;
    for (const each of [a, b]) await expectVersion(each, 3);
  });

  it('that found nothing new does not bring back what was invalidated meanwhile', async () => {
    const { a, b, origin } = await openTwo();
    await a.call('readUrl', 'photo');
    const held = origin.hold('first byte');
    const slow = a.call('revalidate', 'photo');
    await held.reached;
    await b.call('invalidate', 'photo');
    origin.change('photo');
    held.release();
    await slow;
    for (const each of [a, b]) await expectVersion(each, 2);
  });
});

describe('a compression', () => {
  it('of v1, that ends when the image was invalidated and v2 was stored, changes nothing', async () => {
    const { dir, b, origin, start } = await openTwo();
    const compressing = await start({ compress: true });
    const held = origin.hold('compression');
    await compressing.call('readUrl', 'photo');
    await held.reached;
    await b.call('invalidate', 'photo');
    origin.change('photo');
    await b.call('readUrl', 'photo');
    held.release();
    await compressing.call('idle', 300);
    for (const each of [compressing, b]) await expectVersion(each, 2);
    await vi.waitFor(async () => expect(await imagesIn(dir)).toHaveLength(1), 10_000); // it compresses v2, too
  });
});

describe('an adoption', () => {
  it.each(['clear', 'invalidate'] as const)(
    'of a file that another process removes by %s does nothing',
    async (removal) => {
      const { dir, origin, start } = await openDirectory();
      const first = await start();
      await first.call('readUrl', 'photo');
      await first.call('close');
      await cp(dir, `${dir}-kept`, { recursive: true });
      const [a, b] = [await start(), await start()];
      await b.call('clear');
      await cp(join(`${dir}-kept`, 'images'), join(dir, 'images'), { recursive: true });
      await a.call('stopAt', 'before append');
      const late = a.call('lookup', 'photo');
      await stopped(a, 'before append');
      await (removal === 'clear' ? b.call('clear') : b.call('invalidate', 'photo'));
      origin.change('photo');
      a.wake();
      await late;
      for (const each of [a, b, await start()]) await expectVersion(each, 2);
    },
  );
});

describe('a copy from a fallback directory', () => {
  it('of an image that another process invalidates meanwhile is not stored', async () => {
    const other = await openDirectory();
    const neighbour = await other.start();
    await neighbour.call('readUrl', 'photo');
    await neighbour.call('close');
    const { origin, start } = await openDirectory();
    const [a, b] = [await start({ fallbackDirs: [other.dir] }), await start()];
    await a.call('stopAt', 'before append');
    const late = a.call('prefetch', 'photo');
    await stopped(a, 'before append');
    await b.call('invalidate', 'photo');
    origin.change('photo');
    a.wake();
    expect((await late).status).toBe('downloaded');
    for (const each of [a, b, await start({ fallbackDirs: [other.dir] })]) await expectVersion(each, 2);
  });
});

describe('a clear of one actor', () => {
  it("takes that actor's downloads with it, and no others", async () => {
    const { a, b, origin } = await openTwo();
    const theirs = origin.hold('last byte');
    const slow = a.call('prefetch', 'theirs', '0001');
    await theirs.reached;
    const others = origin.hold('last byte');
    const other = a.call('prefetch', 'others', '0002');
    await others.reached;
    await b.call('clear', '0001');
    for (const name of ['theirs', 'others']) origin.change(name);
    theirs.release();
    others.release();
    expect(await Promise.all([slow, other])).toMatchObject([{ status: 'downloaded' }, { status: 'downloaded' }]);
    await expectVersion(a, 2, 'theirs');
    await expectVersion(a, 1, 'others');
    expect(origin.downloads).toBe(3);
  });
});

describe('a process that is stopped before it writes to the journal', () => {
  it('with two images in one write loses the one that was invalidated, and only that one', async () => {
    const { a, b, origin } = await openTwo();
    await a.call('stopAt', 'before append', 2);
    const first = a.call('prefetch', 'first'); // while it is written, the two come together
    const both = [a.call('prefetch', 'one'), a.call('prefetch', 'two')];
    await stopped(a, 'before append');
    await b.call('invalidate', 'one');
    origin.change('one');
    origin.change('two');
    expect((await b.call('prefetch', 'one')).status).toBe('downloaded');
    a.wake();
    await Promise.all([first, ...both]);
    for (const each of [a, b]) {
      await expectVersion(each, 2, 'one');
      await expectVersion(each, 1, 'two');
      await expectVersion(each, 1, 'first');
    }
  });

  it.each(['before', 'after'])(
    'and whose journal is compacted away meanwhile stores nothing that was invalidated %s the first compaction',
    async (when) => {
      const { dir, a, b, origin, start } = await openTwo();
      await a.call('stopAt', 'before append');
      const late = a.call('prefetch', 'photo');
      await stopped(a, 'before append');
      if (when === 'before') await b.call('invalidate', 'photo');
      for (let n = 0; n < 2; n += 1) {
        const other = await start();
        await other.call('prefetch', `other-${n}`);
        await other.call('close'); // which compacts
        if (when === 'after' && n === 0) await b.call('invalidate', 'photo'); // in a log that the other never sees
      }
      origin.change('photo');
      const logs = (await readdir(join(dir, 'journal'))).filter((name) => name.endsWith('.log'));
      expect(logs).not.toContain('0000000001.log');
      expect(logs).not.toContain('0000000002.log');
      a.wake();
      expect((await late).status).toBe('downloaded');
      for (const each of [a, b, await start()]) {
        await expectStored(each, 'photo');
        await expectVersion(each, 2);
        await expectStored(each, 'other-0');
      }
      expect(await readFile(join(dir, 'manifest.json'), 'utf8')).toContain('mem:other-0');
    },
  );
});
