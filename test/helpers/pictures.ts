import sharp, { type Sharp } from 'sharp';
import { pngChunk, text, u32be } from '../images/bytes.ts';

/** A photograph-like picture: soft shapes with some grain, so that formats and qualities differ in size. */
export function photo(width = 640, height = 480): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const grain = ((x * 7919 + y * 104_729) % 17) - 8;
      data[at++] = 128 + 100 * Math.sin(x / 60 + y / 90) + grain;
      data[at++] = 128 + 90 * Math.sin(x / 31) * Math.cos(y / 44) + grain;
      data[at++] = (200 * y) / height + 20 + grain;
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** The corners of {@link corners}: top left, top right, bottom left, bottom right. */
export const CORNERS = ['red', 'green', 'blue', 'white'] as const;

/** A picture with a quarter of another colour in each corner. */
export function corners(width = 80, height = 48): Sharp {
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 255],
  ];
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = colours[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)] ?? [];
      for (const value of colour) data[at++] = value;
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** The colours in the corners of a picture of {@link corners}, after decoding it. */
export async function cornersOf(picture: Uint8Array): Promise<(string | undefined)[]> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const colourAt = (x: number, y: number) => {
    const at = (y * info.width + x) * info.channels;
    const bits = [...data.subarray(at, at + 3)].map((value) => (value > 127 ? 1 : 0)).join('');
    return { 100: 'red', '010': 'green', '001': 'blue', 111: 'white' }[bits];
  };
  const [right, bottom] = [info.width - 3, info.height - 3];
  return [colourAt(2, 2), colourAt(right, 2), colourAt(2, bottom), colourAt(right, bottom)];
}

/** An animation of three frames. */
export function animation(width = 60, height = 40): Sharp {
  const data = Buffer.alloc(width * height * 3 * 3);
  for (let i = 0; i < data.length; i++) data[i] = Math.floor(i / (width * height * 3)) * 100;
  return sharp(data, { raw: { width, height: height * 3, channels: 3, pageHeight: height } });
}

/** The average colour, after decoding into sRGB. */
export async function meanColour(picture: Uint8Array): Promise<number[]> {
  const { channels } = await sharp(picture).stats();
  return channels.slice(0, 3).map(({ mean }) => Math.round(mean));
}

/** A PNG of a few bytes whose header promises this many pixels. */
export function bomb(width: number, height: number): Buffer {
  const header = Buffer.concat([u32be(width), u32be(height), Buffer.of(8, 2, 0, 0, 0)]);
  return Buffer.concat([
    text('\x89PNG\r\n\x1a\n'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', Buffer.alloc(64, 7)),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}
