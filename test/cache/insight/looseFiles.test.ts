import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { pageOfFiles } from '../../../plugin/cache/insight/looseFiles.ts';

function* files(count: number) {
  for (let n = 0; n < count; n += 1) yield { path: `.image-cache/images/Ada/${n}.jpg`, size_bytes: 1, modified_at: 0 };
}

it('is one page of the files whose path has the text, in any case, and the number of all', async () => {
  const { files: shown, matched, matched_bytes } = await pageOfFiles(files(500), 'ADA/', 1);
  expect([shown?.length, shown?.[0]?.path, matched, matched_bytes]).toEqual([
    200,
    '.image-cache/images/Ada/200.jpg',
    500,
    500,
  ]);
});

it('a long text that matches none of 200,000 files does not keep other requests waiting', async () => {
  const search = { isOver: false };
  const found = pageOfFiles(files(200_000), 'X'.repeat(4000), 0).finally(() => (search.isOver = true));
  let turns = 0;
  for (; !search.isOver; turns += 1) await turn();
  expect((await found).matched).toBe(0);
  expect(turns).toBeGreaterThan(2);
});
