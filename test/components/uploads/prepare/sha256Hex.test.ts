// @vitest-environment node
import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sha256Hex } from '../../../../components/uploads/prepare/sha256Hex.ts';
import { ownSha256 } from '../../../../components/uploads/prepare/ownSha256.ts';

const LENGTHS = [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 1000, 65_535, 65_536, 65_537, 1_000_003];
const expected = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([
  ['in a secure context', () => {}],
  ['on http and a LAN address, where there is no crypto.subtle', () => vi.stubGlobal('crypto', {})],
])('%s', (_name, setUp) => {
  test.each(LENGTHS)('%i bytes', async (length) => {
    setUp();
    const bytes = new Uint8Array(randomBytes(length));
    expect(await sha256Hex(bytes)).toBe(expected(bytes));
    expect(await sha256Hex(bytes.buffer)).toBe(expected(bytes));
  });

  test('of a view, only what it shows', async () => {
    setUp();
    const bytes = new Uint8Array(randomBytes(100)).subarray(10, 20);
    expect(await sha256Hex(bytes)).toBe(expected(bytes));
  });
});

test('our own lets the page go on again and again', async () => {
  const bytes = new Uint8Array(8_000_000);
  let pauses = 0;
  let clock = 0;
  // Each look at the clock is five milliseconds after the one before.
  vi.spyOn(performance, 'now').mockImplementation(() => (clock += 5));
  await ownSha256(bytes, async () => {
    pauses++;
  });
  vi.restoreAllMocks();
  expect(pauses).toBeGreaterThan(50);
});
