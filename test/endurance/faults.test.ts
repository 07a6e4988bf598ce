import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import { bytesOf, openCache } from '../helpers/cache.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { fault } from '../helpers/faultyFs.ts';
import { memoryDisk } from '../helpers/memoryDisk.ts';
import { refusal } from '../helpers/source.ts';

vi.mock('node:fs/promises', async (importActual) => {
  const { faultyFs } = await import('../helpers/faultyFs.ts');
  return faultyFs(await importActual());
});

afterEach(fault.clear);

const NAMES = ['a', 'b'];
const KNOWN = new Set(['CACHE_DISK_FULL', 'CACHE_UNWRITABLE', 'OVERLOADED', 'INTERNAL', 'CACHE_CORRUPT']);

describe('one failing call of the file system', () => {
  // The calls are the same for both codes. `STRIDE=1` has the second one strike at each of them, too.
  it.each([
    ['ENOSPC', 1],
    ['EMFILE', Number(process.env['STRIDE'] ?? 3)],
  ] as const)(
    'T56, T58: %s, wherever it strikes, loses nothing acknowledged and passes',
    async (code, stride) => {
      for (let nth = 1; ; nth += stride) {
        const dir = join(await temporaryDirectory(memoryDisk()), '.image-cache');
        const before = await openCache({ dir });
        await before.cache.readUrl('mem:before');
        await before.cache.close();

        let calls = 0;
        fault.of = () => ((calls += 1) === nth ? code : undefined);
        const { cache } = await openCache({ dir });
        const acknowledged = ['before'];
        for (const name of NAMES) {
          try {
            await cache.readUrl(`mem:${name}`);
            acknowledged.push(name);
          } catch (error) {
            expect(error).toBeInstanceOf(ImageCacheError);
            expect(KNOWN).toContain(ImageCacheError.from(error).code);
          }
        }
        const reached = calls >= nth;
        fault.clear();
        // It has passed: the same cache works, and so does the next.
        for (const name of NAMES) expect((await cache.readUrl(`mem:${name}`)).body.equals(bytesOf(name))).toBe(true);
        await cache.close();

        const after = await openCache({ dir });
        for (const name of [...acknowledged, ...NAMES]) {
          const { body, tier } = await after.cache.readUrl(`mem:${name}`);
          expect(body.equals(bytesOf(name))).toBe(true);
          expect(tier, `${name}, after call ${nth} failed`).not.toBe('s3');
        }
        await after.cache.close();
        expect(await readdir(join(dir, 'tmp'))).toEqual([]);
        expect(JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8'))).toHaveProperty('version', '1.0');
        if (!reached) return;
      }
    },
    300_000,
  );

  it('T56: a disk that stays full answers CACHE_DISK_FULL, serves what it has, and recovers by itself', async () => {
    const { cache, dir } = await openCache({ memoryMaxSize: 0 });
    await cache.readUrl('mem:old');
    fault.of = (name) => (/write|copyFile/i.test(name) ? 'ENOSPC' : undefined);
    for (const name of NAMES) expect((await refusal(cache.readUrl(`mem:${name}`))).code).toBe('CACHE_DISK_FULL');
    expect((await cache.readUrl('mem:old')).tier).toBe('disk');
    expect(await readdir(join(dir, 'images', 'default'))).toHaveLength(1);
    fault.clear();
    for (const name of NAMES) expect((await cache.readUrl(`mem:${name}`)).tier).toBe('s3');
    expect((await cache.stats()).total_entries).toBe(3);
  });

  it('T56: a full disk can be cleared, though it has no room to say so', async () => {
    const { cache, dir } = await openCache({ memoryMaxSize: 0 });
    for (const name of NAMES) await cache.readUrl(`mem:${name}`);
    let removed = 0;
    fault.of = (name) => {
      if (name === 'rm') removed += 1;
      return name === 'handle.write' && removed === 0 ? 'ENOSPC' : undefined;
    };
    expect(await cache.clear()).toMatchObject({ cleared: 2 });
    expect(await readdir(join(dir, 'images', 'default'))).toEqual([]);
  });

  it('T56: a file whose entry could not be written does not stay', async () => {
    const { cache, dir } = await openCache();
    await cache.stats();
    fault.of = (name, [path]) => (name === 'handle.write' && String(path).includes('journal') ? 'ENOSPC' : undefined);
    expect((await refusal(cache.readUrl('mem:a'))).code).toBe('CACHE_DISK_FULL');
    expect(await readdir(join(dir, 'images', 'default'))).toEqual([]);
  });

  it.each(['EPERM', 'EBUSY', 'EACCES'])('T66: %s on three renames is waited out', async (code) => {
    const { cache } = await openCache();
    let failures = 0;
    fault.of = (name) => (name === 'rename' && (failures += 1) <= 3 ? code : undefined);
    expect((await cache.readUrl('mem:a')).tier).toBe('s3');
    expect(failures).toBeGreaterThan(3);
    expect((await cache.stats()).total_entries).toBe(1);
  });

  it('T57: a directory that can be read but not written still serves what it holds', async () => {
    const { cache, dir } = await openCache();
    await cache.readUrl('mem:a');
    await cache.close();
    const writing = /^(?:rename|rm|link|copyFile)$/;
    const forWriting = (flags: unknown) => flags !== 'r' && (typeof flags !== 'number' || (flags & 3) !== 0);
    fault.of = (name, [, flags]) =>
      writing.test(name) || (name === 'open' && forWriting(flags)) ? 'EROFS' : undefined;
    const readOnly = await openCache({ dir });
    expect((await readOnly.cache.readUrl('mem:a')).tier).toBe('disk');
    expect((await refusal(readOnly.cache.readUrl('mem:b'))).code).toBe('CACHE_UNWRITABLE');
    expect((await refusal(readOnly.cache.clear())).code).toBe('CACHE_UNWRITABLE');
    expect((await readOnly.cache.readUrl('mem:a')).body.equals(bytesOf('a'))).toBe(true);
  });
});

describe('a call of the file system at the wrong moment', () => {
  it('T58: EMFILE on a snapshot says nothing about the snapshot', async () => {
    const { cache, dir } = await openCache();
    await cache.readUrl('mem:a');
    await cache.close();
    fault.of = (name, [path]) => (name === 'open' && String(path).endsWith('.snap') ? 'EMFILE' : undefined);
    const next = await openCache({ dir });
    expect((await refusal(next.cache.readUrl('mem:a'))).code).toBe('OVERLOADED');
    fault.clear();
    expect((await next.cache.readUrl('mem:a')).tier).toBe('disk');
    expect(await readdir(join(dir, 'quarantine')).catch(() => [])).toEqual([]);
  });

  const LOG = '0000000001.log';
  it.each<[string, number, (name: string, path: string) => boolean]>([
    ['before it begins the first log', 0, (name, path) => name === 'open' && path.endsWith(LOG)],
    ['before it opens the log it found', 1, (name, path) => name === 'open' && path.endsWith(LOG)],
    ['after it has opened it', 1, (name, path) => name === 'handle.stat' && path.endsWith(LOG)],
    ['before it reads the snapshot it found', 1, (name, path) => name === 'open' && path.endsWith('.snap')],
  ])('T51: a start that stops %s, while another process compacts, misses nothing', async (_, before, isMoment) => {
    const dir = join(await temporaryDirectory(memoryDisk()), '.image-cache');
    const fast = await openCache({ dir });
    for (let n = 0; n < before; n += 1) await fast.cache.readUrl(`mem:before ${n}`);
    let goOn = () => {};
    let stopped = false;
    let hasOpened = false;
    fault.of = (name, [path]) => {
      if (name === 'open') hasOpened ||= String(path).endsWith(LOG);
      // The other cache has its log open already, and looks at it, too, when it wonders whether to compact.
      const isTheOther = name === 'handle.stat' && !hasOpened;
      if (stopped || isTheOther || !isMoment(name, String(path))) return undefined;
      stopped = true;
      return new Promise((resolve) => {
        goOn = () => resolve(undefined);
      });
    };
    const slow = await openCache({ dir });
    const opening = slow.cache.stats();
    await expect.poll(() => stopped).toBe(true);
    fault.clear();
    await fast.cache.readUrl('mem:a');
    await fast.cache.close(); // seals the first log, publishes a snapshot and removes the log
    goOn();
    expect((await opening).total_entries).toBe(before + 1);
    await slow.cache.readUrl('mem:b');
    await slow.cache.close();
    const last = await openCache({ dir });
    expect((await last.cache.stats()).total_entries).toBe(before + 2);
  });
});
