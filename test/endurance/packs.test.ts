import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openCache } from '../helpers/cache.ts';
import type { AnyCrashPointName } from '../helpers/crashPoints.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { collect } from '../helpers/packs.ts';
import { openDirectory } from '../helpers/sharedDirectory.ts';

const POINTS: AnyCrashPointName[] = [
  'before image rename',
  'between image rename and journal line',
  'in mid-removal',
  'after image removal',
  'before append',
  'mid append',
  'after append',
];

it.each(POINTS)(
  'I43: a process that is killed %s leaves whole images only, and another one completes the import',
  async (point) => {
    const { cache } = await openCache();
    for (let n = 0; n < 12; n += 1) await cache.prefetch({ s3_url: `mem:${n}` }, '0001');
    const pack = join(await temporaryDirectory(), 'pack.tar');
    await writeFile(pack, await collect(cache.exportPack()));

    const { dir, start } = await openDirectory();
    const first = await start();
    const isOfRemoval = point.includes('removal');
    if (isOfRemoval) await first.call('prefetch', '3'); // other bytes, so that there is something to remove
    await first.call('dieAt', point, isOfRemoval ? 1 : 4);
    const imported = first.call('importPack', pack);
    if (isOfRemoval) void imported.then(() => first.call('clear')).catch(() => undefined);
    await first.ended;

    const second = await start();
    const { problems } = await second.call('importPack', pack);
    expect(problems.filter(({ code }) => code !== 'PACK_CONFLICT')).toEqual([]);
    expect(await second.call('verify')).toMatchObject({ entries: 12, damaged: 0, missing: 0, quarantined: 0 });
    await second.call('close');
    const { entries } = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as {
      entries: Record<string, { local_path: string; sha256: string }>;
    };
    for (const { local_path, sha256 } of Object.values(entries)) {
      const bytes = await readFile(join(dir, '..', local_path));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    }
  },
);
