import sharp from 'sharp';

/** A small photograph-like JPEG; another number is another picture. */
export function jpeg(n: number, { width = 48, height = 32 } = {}): Promise<Buffer> {
  const background = { r: (n * 37) % 256, g: (n * 91) % 256, b: (n * 151) % 256 };
  return sharp({
    create: { width, height, channels: 3, background, noise: { type: 'gaussian', mean: 128, sigma: 20 + (n % 30) } },
  })
    .jpeg()
    .toBuffer();
}
