/** A running CRC: bytes in, big-endian digest out, as S3 encodes them. */
export interface Crc {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

// Both polynomials in reflected form, as the tables need them.
const CRC32C_POLYNOMIAL = 0x82f63b78;
const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

let crc32cTable: Uint32Array | undefined;
let crc64Table: { high: Uint32Array; low: Uint32Array } | undefined;

/** CRC-32C (Castagnoli), which `node:zlib` does not have. */
export function createCrc32c(): Crc {
  const table = (crc32cTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ CRC32C_POLYNOMIAL : value >>> 1;
    return value;
  }));
  let crc = 0xffffffff;
  return {
    update(bytes) {
      for (const byte of bytes) crc = at(table, (crc ^ byte) & 0xff) ^ (crc >>> 8);
    },
    digest() {
      const digest = Buffer.alloc(4);
      digest.writeUInt32BE(~crc >>> 0);
      return digest;
    },
  };
}

/** CRC-64/NVME in two 32-bit halves, because a BigInt for each byte would be some fifty times slower. */
export function createCrc64Nvme(): Crc {
  const { high, low } = (crc64Table ??= buildCrc64Table());
  let upper = 0xffffffff;
  let lower = 0xffffffff;
  return {
    update(bytes) {
      for (const byte of bytes) {
        const index = (lower ^ byte) & 0xff;
        lower = at(low, index) ^ ((lower >>> 8) | (upper << 24));
        upper = at(high, index) ^ (upper >>> 8);
      }
    },
    digest() {
      const digest = Buffer.alloc(8);
      digest.writeUInt32BE(~upper >>> 0, 0);
      digest.writeUInt32BE(~lower >>> 0, 4);
      return digest;
    },
  };
}

function buildCrc64Table(): { high: Uint32Array; low: Uint32Array } {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ CRC64NVME_POLYNOMIAL : value >> 1n;
    high[byte] = Number(value >> 32n);
    low[byte] = Number(value & 0xffffffffn);
  }
  return { high, low };
}

// The index is always below 256; `?? 0` is only for the compiler.
function at(table: Uint32Array, index: number): number {
  return table[index] ?? 0;
}
