import { createHash, randomBytes } from 'node:crypto';
import sharp from 'sharp';

export interface TestPicture {
  readonly name: string;
  readonly bytes: Buffer;
  readonly base64: string;
  readonly sha256: string;
  /** Its key in the bucket, if its bytes are sent as they are. */
  readonly key: string;
}

let base: Promise<Buffer> | undefined;
const MAX_SEGMENT = 65_000;

/** A JPEG of at least that size, unlike any other: it has a colour profile of random bytes, which is kept as it is. */
export async function testPicture(name: string, size = 2_000): Promise<TestPicture> {
  base ??= sharp({ create: { width: 64, height: 48, channels: 3, background: '#287' } })
    .jpeg()
    .toBuffer();
  const plain = await base;
  const profile: Buffer[] = [];
  for (let left = Math.max(size - plain.length, 16); left > 0; left -= MAX_SEGMENT) {
    const content = Buffer.concat([Buffer.from('ICC_PROFILE\0'), randomBytes(Math.min(left, MAX_SEGMENT))]);
    const length = content.length + 2;
    profile.push(Buffer.from([0xff, 0xe2, length >> 8, length & 255]), content);
  }
  return toPicture(name, Buffer.concat([plain.subarray(0, 2), ...profile, plain.subarray(2)]));
}

/** A photograph that says where it was taken. */
export async function placedPicture(name: string): Promise<TestPicture> {
  const bytes = await sharp(randomBytes(300 * 200 * 3), { raw: { width: 300, height: 200, channels: 3 } })
    .withExif({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 1234/100' } })
    .jpeg()
    .toBuffer();
  return toPicture(name, bytes);
}

export async function testPictures(count: number, prefix: string, size?: number): Promise<TestPicture[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => testPicture(`${prefix}${n}`, size)));
}

function toPicture(name: string, bytes: Buffer): TestPicture {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const id = sha256.slice(0, 32);
  return { name, bytes, base64: bytes.toString('base64'), sha256, key: `uploads/${id.slice(0, 2)}/${id}.jpg` };
}
