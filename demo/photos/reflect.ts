import { lerp, type Rgb } from './colour.ts';
import { ROUGH, sample } from './noise.ts';
import type { Scene } from './scene.ts';

/** Paints water below `horizon` that reflects the picture above it. With `ripple` 0 it is a mirror; 1 is a breeze. */
export function paintReflection({ canvas, random }: Scene, horizon: number, water: Rgb, ripple: number): void {
  const { width, height, data } = canvas;
  const shift = random() * 512;
  for (let y = Math.max(0, Math.floor(horizon)); y < height; y++) {
    const down = (y - horizon) / (height - horizon);
    const depth = 40 / (down + 0.06);
    const strength = ripple * (3 + 34 * down);
    const own = 0.1 + 0.5 * down * down;
    for (let x = 0; x < width; x++) {
      const wave = sample(ROUGH, ((x - width / 2) / width) * depth * 3 + shift, depth * 6) - 0.5;
      const fromX = Math.min(width - 1, Math.max(0, Math.round(x + wave * strength * 0.7)));
      const mirrored = horizon - (y - horizon) * 0.94 + wave * strength * 1.6;
      const fromY = Math.min(Math.floor(horizon) - 1, Math.max(0, Math.round(mirrored)));
      const from = (fromY * width + fromX) * 3;
      const gain = 0.9 + wave * ripple * 0.35;
      const to = (y * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        data[to + channel] = lerp((data[from + channel] ?? 0) * gain, water[channel] ?? 0, own);
      }
    }
  }
}
