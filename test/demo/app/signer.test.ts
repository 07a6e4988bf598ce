import { expect, test } from 'vitest';
import { readStorage } from '../../../demo/settings.ts';
import { createSigner } from '../../../demo/signer.ts';

test('a second later the same object has another URL, within the second the same', async () => {
  let now = 1_700_000_000_000;
  const sign = createSigner(readStorage({}), () => now);
  const first = await sign('actors/0001/0001_00.jpg');
  now += 900;
  expect(await sign('actors/0001/0001_00.jpg')).toBe(first);
  now += 100;
  const later = await sign('actors/0001/0001_00.jpg');
  expect(new URL(later).pathname).toBe(new URL(first).pathname);
  expect(new URL(later).searchParams.get('X-Amz-Signature')).not.toBe(
    new URL(first).searchParams.get('X-Amz-Signature'),
  );
});
