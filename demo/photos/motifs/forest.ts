import { lerp, mix, type Rgb } from '../colour.ts';
import { line, ROUGH, sample } from '../noise.ts';
import { between, type Random } from '../random.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';

/** Firs in fog, row before row. */
export function paintForest(scene: Scene): void {
  const { canvas, light, random, palette, weather } = scene;
  const { width, height } = canvas;
  const unit = Math.max(width, height);
  const sunX = between(random, 0.2, 0.8);
  paintSky(scene, { horizon: height * 0.72, sunX, clouds: 0.2 + weather * 0.4, until: height });
  fog(scene, 0, 0.55);
  const layers = 6;
  for (let layer = 0; layer < layers; layer++) {
    const near = layer / (layers - 1);
    const ground = height * lerp(between(random, 0.46, 0.56), 1.16, near ** 1.25);
    const tree = unit * lerp(0.055, 0.5, near ** 1.6);
    const colour = mix(light.haze, mix(light.shade, palette[layer % 2] ?? light.shade, 0.55), 0.16 + 0.8 * near ** 1.1);
    const steps = Math.ceil(width / (tree * lerp(0.2, 0.34, near)));
    for (let step = -1; step <= steps; step++) {
      if (near > 0.7 && random() < 0.35) continue;
      const x = ((step + between(random, 0, 1)) / steps) * width;
      const foot = ground + line(scene.place + layer, (x / unit) * 2.4 + layer * 5, 3) * unit * 0.09;
      paintFir(scene, x, foot + tree * 0.1, tree * between(random, 0.65, 1.25), colour);
    }
    if (layer < layers - 1) fog(scene, ground / height - 0.1, lerp(0.62, 0.34, near) * (0.65 + weather * 0.5));
  }
}

/** One conifer: a trunk, and tiers of branches that hang unevenly. */
export function paintFir({ canvas, random }: Scene, x: number, foot: number, tall: number, colour: Rgb): void {
  const half = tall * between(random, 0.15, 0.21);
  const tiers = Math.max(5, Math.round(tall / 9));
  const top = foot - tall;
  const left = jag(random, tiers);
  const right = jag(random, tiers);
  const end = Math.min(canvas.height, Math.ceil(foot));
  for (let y = Math.max(0, Math.floor(top)); y < end; y++) {
    const down = (y - top) / tall;
    const tier = Math.min(tiers - 1, Math.floor(down * tiers));
    const inTier = down * tiers - tier;
    const width = down > 0.95 ? half * 0.13 : half * down ** 0.9 * (0.5 + 0.62 * inTier) * (1.02 - 0.2 * down * down);
    const from = x - Math.max(0.6, width * (left[tier] ?? 1));
    const to = x + Math.max(0.6, width * (right[tier] ?? 1));
    for (let column = Math.max(0, Math.floor(from)); column <= Math.min(canvas.width - 1, to); column++) {
      const cover = Math.min(1, column - from + 1, to - column + 0.4);
      if (cover > 0) canvas.blend(column, y, colour, cover * 0.97);
    }
  }
}

function jag(random: Random, tiers: number): number[] {
  return Array.from({ length: tiers }, () => between(random, 0.62, 1.15));
}

function fog({ canvas, light, random }: Scene, from: number, strength: number): void {
  const shift = random() * 512;
  const first = Math.max(0, Math.floor(from * canvas.height));
  for (let y = first; y < canvas.height; y++) {
    const down = (y - first) / (canvas.height - first);
    const share = strength * Math.min(1, down * 4);
    for (let x = 0; x < canvas.width; x++) {
      canvas.blend(x, y, light.haze, share * (0.55 + 0.7 * sample(ROUGH, x * 0.16 + shift, y * 0.42)));
    }
  }
}
