import { expect, test } from 'vitest';
import { readNdjson } from '../../../components/client/ndjson.ts';

const TEXT = '{"name":"größe 🎈"}\n\n[1]\n"last"';

async function readIn(chunkSize: number, text = TEXT): Promise<unknown[]> {
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += chunkSize) controller.enqueue(bytes.slice(at, at + chunkSize));
      controller.close();
    },
  });
  const lines: unknown[] = [];
  for await (const line of readNdjson(body)) lines.push(line);
  return lines;
}

test.each([1, 2, 3, 7, 1_000])('reads the same lines in chunks of %i bytes', async (size) => {
  expect(await readIn(size)).toEqual([{ name: 'größe 🎈' }, [1], 'last']);
});

test('a line that was cut is an error, not a result', async () => {
  await expect(readIn(4, '{"index":0}\n{"ind')).rejects.toThrow(SyntaxError);
});
