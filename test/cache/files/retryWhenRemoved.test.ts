import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { errnoOf } from '../../../plugin/cache/files/fileError.ts';
import { retryWhenRemoved } from '../../../plugin/cache/files/retryWhenRemoved.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';

const removed = () => Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' });

/** Work that fails so many times, and counts how often it was tried. */
function failing(times: number, error: () => Error) {
  const work = {
    attempts: 0,
    run: async (): Promise<string> => {
      work.attempts += 1;
      if (work.attempts <= times) throw error();
      return 'done';
    },
  };
  return work;
}

it('T55: repeats the whole work when a folder is removed between its steps', async () => {
  const folder = join(await temporaryDirectory(), 'tmp');
  let removals = 0;
  await retryWhenRemoved(async () => {
    await mkdir(folder);
    if ((removals += 1) < 5) await rm(folder, { recursive: true });
    await writeFile(join(folder, 'file'), '');
  });
  expect(removals).toBe(5);
});

it('T55: gives up after twenty attempts with an error that still says ENOENT, and why', async () => {
  const work = failing(Infinity, removed);
  const error = await retryWhenRemoved(work.run).catch((thrown: unknown) => thrown);
  expect(work.attempts).toBe(20);
  expect(errnoOf(error)).toBe('ENOENT');
  expect(error).toMatchObject({ message: 'The directory is removed again and again.', cause: { code: 'ENOENT' } });
});

it('T55: does not multiply the attempts of work that is part of other work', async () => {
  const work = failing(Infinity, removed);
  let outer = 0;
  const error = await retryWhenRemoved(() => {
    outer += 1;
    return retryWhenRemoved(work.run);
  }).catch((thrown: unknown) => thrown);
  expect([outer, work.attempts, errnoOf(error)]).toEqual([1, 20, 'ENOENT']);
});

it.each(['ENOSPC', 'EACCES', 'ENOTDIR'])('throws %s at once', async (code) => {
  const work = failing(1, () => Object.assign(new Error(code), { code }));
  await expect(retryWhenRemoved(work.run)).rejects.toMatchObject({ code });
  expect(work.attempts).toBe(1);
});
