import { cp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { expectStored, expectVersion, imagesIn, openDirectory, openTwo, stopped } from '../helpers/sharedDirectory.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, which take a while to be started

/* More of the kind of R4: a removal that is suspended, and what others do meanwhile. */

describe('a removal that is suspended before it removes the file', () => {
  it.each(['invalidate', 'clear'] as const)(
    '%s: an image that another process has stored again meanwhile stays, with its file',
    async (removal) => {
      const { a, b, origin, dir, start } = await openTwo();
      await a.call('readUrl', 'photo');
      await a.call('stopAt', 'in mid-removal');
      const late = removal === 'clear' ? a.call('clear') : a.call('invalidate', 'photo');
      await stopped(a, 'in mid-removal');
      expect((await b.call('prefetch', 'photo')).status).toBe('downloaded');
      a.wake();
      await late;
      expect(await imagesIn(dir)).toHaveLength(1);
      for (const each of [a, b, await start()]) await expectVersion(each, 1);
      expect(origin.downloads).toBe(2);
      expect(await (await start()).call('verify')).toMatchObject({ damaged: 0, missing: 0 });
    },
  );

  it('of a file without an entry: an image that was stored under its name meanwhile stays', async () => {
    const { dir, origin, start } = await openDirectory();
    const first = await start();
    await first.call('readUrl', 'photo');
    await cp(join(dir, 'images'), `${dir}-kept`, { recursive: true });
    await first.call('clear');
    const [a, b] = [await start(), await start()];
    await b.call('lookup', 'other');
    await cp(`${dir}-kept`, join(dir, 'images'), { recursive: true });
    await a.call('stopAt', 'in mid-removal');
    const late = a.call('clear');
    await stopped(a, 'in mid-removal');
    expect((await b.call('prefetch', 'photo')).status).toBe('downloaded');
    a.wake();
    await late;
    await expectVersion(await start(), 1);
    expect(origin.downloads).toBe(2);
  });

  it('when the file was stored, and its entry was not yet: whoever stores it notices, and fetches it again', async () => {
    const { a, b, origin, dir, start } = await openTwo();
    await a.call('readUrl', 'photo');
    await a.call('stopAt', 'in mid-removal');
    const removal = a.call('invalidate', 'photo');
    await stopped(a, 'in mid-removal');
    await b.call('stopAt', 'between image rename and journal line');
    const prefetch = b.call('prefetch', 'photo');
    await stopped(b, 'between image rename and journal line');
    a.wake();
    await removal;
    expect(await imagesIn(dir)).toHaveLength(0);
    b.wake();
    expect((await prefetch).status).toBe('downloaded');
    const { downloads } = origin;
    for (const each of [a, b, await start()]) await expectVersion(each, 1);
    expect(origin.downloads).toBe(downloads);
  });
});

describe('a removal whose process is killed before it removes the file', () => {
  it('a revalidation elsewhere does not say that the image is cached, but stores it again', async () => {
    const { a, b } = await openTwo();
    await a.call('readUrl', 'photo');
    await a.call('dieAt', 'in mid-removal');
    await b.call('readUrl', 'photo');
    const killed = expect(a.call('invalidate', 'photo')).rejects.toThrow('ended');
    await a.ended;
    expect((await b.call('revalidate', 'photo')).status).toBe('downloaded');
    await killed;
    await expectStored(b, 'photo');
  });
});

describe('a process that is suspended before it creates the file of an image that is invalidated meanwhile', () => {
  it.each([
    ['download', 'before the file of a download'],
    ['copy', 'before the file of a copy'],
  ] as const)('%s: stores nothing of it, and no other process adopts its file', async (how, point) => {
    const { dir, origin, start } = await openDirectory();
    await start().then((other) => other.call('readUrl', 'photo').then(() => other.call('close')));
    const fallbackDirs = how === 'copy' ? [`${dir}-fallback`] : [];
    await rename(dir, `${dir}-fallback`);
    const [a, b, c] = await Promise.all([start({ fallbackDirs }), start(), start()]);
    for (const each of [a, c]) await each.call('lookup', 'photo');
    await a.call('stopAt', 'between image rename and journal line');
    await a.call('stopAt', point);
    const late = a.call('prefetch', 'photo');
    await stopped(a, point);
    await b.call('invalidate', 'photo');
    origin.change('photo');
    a.wake();
    await stopped(a, 'between image rename and journal line');
    for (const each of [b, c, await start()]) await expectVersion(each, 2);
    a.wake();
    expect((await late).status).toBe('downloaded');
    for (const each of [a, b, c]) await expectVersion(each, 2);
  });
});
