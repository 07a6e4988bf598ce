import sharp from 'sharp';
import type { Canvas } from './canvas.ts';
import { createRandom } from './random.ts';

const GRAIN_SIZE = 1024;
const GRAIN = createGrain();

/** Typical sizes of such photographs in bytes. Grain and quality are chosen so that most pictures are within them. */
const SMALLEST = 250_000;
const LARGEST = 350_000;

/** Makes the final JPEG, with contrast, vignette, film grain, and a quality that gives it the size of a photograph. */
export async function develop(canvas: Canvas, seed: number): Promise<Uint8Array> {
  const pixels = print(canvas, seed);
  const input = { raw: { width: canvas.width, height: canvas.height, channels: 3 as const } };
  const encode = (quality: number) => sharp(pixels, input).jpeg({ quality, chromaSubsampling: '4:2:0' }).toBuffer();
  const first = await encode(94);
  if (first.length >= SMALLEST && first.length <= LARGEST) return first;
  return await encode(first.length > LARGEST ? 88 : 96);
}

function print({ width, height, data }: Canvas, seed: number): Buffer {
  const pixels = Buffer.allocUnsafe(width * height * 3);
  const random = createRandom(seed);
  const shiftX = Math.floor(random() * GRAIN_SIZE);
  const shiftY = Math.floor(random() * GRAIN_SIZE);
  for (let y = 0; y < height; y++) {
    const dy = y / height - 0.5;
    const grainRow = ((y + shiftY) % GRAIN_SIZE) * GRAIN_SIZE;
    for (let x = 0; x < width; x++) {
      const dx = x / width - 0.5;
      const vignette = 1 - 0.42 * (dx * dx + dy * dy);
      const grain = GRAIN[grainRow + ((x + shiftX) % GRAIN_SIZE)] ?? 0;
      const at = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const value = Math.min(1, Math.max(0, (data[at + channel] ?? 0) * vignette));
        const curve = value + 0.16 * value * (1 - value) * (2 * value - 1);
        pixels[at + channel] = Math.min(255, Math.max(0, 255 * curve + grain));
      }
    }
  }
  return pixels;
}

/** Normal noise of about five levels, a little softer than one pixel, like film grain. */
function createGrain(): Float32Array {
  const random = createRandom(77);
  const count = GRAIN_SIZE * GRAIN_SIZE;
  const raw = Float32Array.from({ length: count }, () => (random() + random() + random() - 1.5) * 2);
  return raw.map((value, index) => (value * 0.75 + (raw[(index + 1) % count] ?? 0) * 0.35) * 5.2);
}
