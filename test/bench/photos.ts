import { photo } from '../helpers/pictures.ts';

/** Pixels that make about so many bytes as a JPEG of usual quality. */
const PIXELS = { '20 KB': [480, 360], '320 KB': [2048, 1365] } as const;

export type PhotoSize = keyof typeof PIXELS;
export const SIZES: readonly PhotoSize[] = ['20 KB', '320 KB'];

export function photoOf(size: PhotoSize): Promise<Buffer> {
  const [width, height] = PIXELS[size];
  return photo(width, height).jpeg().toBuffer();
}

/** The same picture as different bytes: with a comment behind the start of the image (JPEG, ITU-T T.81, B.2.4.5). */
export function numbered(jpeg: Buffer, name: string): Buffer {
  const comment = Buffer.from(name);
  const head = Buffer.of(0xff, 0xfe, 0, 0);
  head.writeUInt16BE(comment.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, comment, jpeg.subarray(2)]);
}
