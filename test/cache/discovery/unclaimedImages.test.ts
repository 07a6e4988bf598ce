import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { UnclaimedImages } from '../../../plugin/cache/discovery/unclaimedImages.ts';
import { imagePath, sha256 } from '../../../plugin/cache/files/layout.ts';
import { SingleFlight } from '../../../plugin/cache/queue/singleFlight.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';

const FILES = 64;
const BYTES = 10;
const HOUR_MS = 3_600_000;

it('removes as many files as have the wanted bytes together, and reads the manifest a few times for all of them', async () => {
  const dir = await temporaryDirectory();
  const paths = Array.from({ length: FILES }, (_, n) =>
    imagePath({ actorId: 'a', key: `s3://bucket/${n}`, sha256: sha256(`${n}`), extension: 'png' }),
  );
  await mkdir(join(dir, paths[0] ?? '', '..'), { recursive: true });
  for (const path of paths) await writeFile(join(dir, path), Buffer.alloc(BYTES));
  let refreshes = 0;
  const shared = new SingleFlight<void>();
  const unclaimed = new UnclaimedImages({
    dir,
    isKnown: (path) => path === paths[0],
    // Callers that are waiting share one, as those of a manifest.
    refresh: () =>
      shared.run(async () => {
        refreshes += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }),
    now: () => Date.now() + HOUR_MS,
  });
  await unclaimed.update(paths, new AbortController().signal);

  expect(await unclaimed.reclaim(50 * BYTES - 1)).toBe(50 * BYTES);

  expect(await readdir(join(dir, paths[0] ?? '', '..'))).toHaveLength(FILES - 50);
  expect(unclaimed.count).toBe(FILES - 1 - 50);
  expect(refreshes).toBeLessThan(FILES / 4);
});
