import { describe, expect, test } from 'vitest';
import { type Crc, createCrc32c, createCrc64Nvme } from '../../plugin/source/crc.ts';

const hex = (crc: Crc) => crc.digest().toString('hex');

/** One bit at a time, as the definition has it. */
function plainCrc(bytes: Uint8Array, width: number, polynomial: bigint): string {
  const ones = (1n << BigInt(width)) - 1n;
  let value = ones;
  for (const byte of bytes) {
    value ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1n) === 1n ? (value >> 1n) ^ polynomial : value >> 1n;
  }
  return (value ^ ones).toString(16).padStart(width / 4, '0');
}

// The check values of the CRC catalogue: https://reveng.sourceforge.io/crc-catalogue/all.htm
describe.each([
  { name: 'CRC-32C', create: createCrc32c, width: 32, polynomial: 0x82f63b78n, check: 'e3069283' },
  {
    name: 'CRC-64/NVME',
    create: createCrc64Nvme,
    width: 64,
    polynomial: 0x9a6c9329ac4bc9b5n,
    check: 'ae8b14860a799888',
  },
])('$name', ({ create, width, polynomial, check }) => {
  test('T43: has the check value of the catalogue', () => {
    const crc = create();
    crc.update(Buffer.from('123456789'));
    expect(hex(crc)).toBe(check);
  });

  test('T43: of nothing is zero', () => {
    expect(hex(create())).toBe('0'.repeat(width / 4));
  });

  test('T43: is the same however the bytes are split, and wherever they are in memory', () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, n) => (n * n * 31 + 7) & 0xff);
    const expected = plainCrc(bytes, width, polynomial);
    for (const length of [1, 3, 7, 8, 9, 64, 999, 1000]) {
      const crc = create();
      for (let start = 0; start < bytes.length; start += length) crc.update(bytes.subarray(start, start + length));
      expect(hex(crc), `${length} at a time`).toBe(expected);
    }
  });

  test('T43: of two bodies at once do not mix', () => {
    const [a, b] = [create(), create()];
    a.update(Buffer.from('12345'));
    b.update(Buffer.from('another body'));
    a.update(Buffer.from('6789'));
    expect(hex(a)).toBe(check);
  });
});
