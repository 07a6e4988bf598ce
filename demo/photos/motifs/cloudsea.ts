import { clamp, lerp, mix, smoothstep } from '../colour.ts';
import { ROUGH, sample } from '../noise.ts';
import { between } from '../random.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';

/** Above the clouds, as from the window of an aeroplane: banks of cumulus, row before row. */
export function paintCloudSea(scene: Scene): void {
  const { canvas, random, weather } = scene;
  const horizon = canvas.height * between(random, 0.34, 0.52);
  const sunX = between(random, 0.15, 0.85);
  paintSky(scene, { horizon, sunX, clouds: weather * 0.4, until: canvas.height });
  const banks = 11;
  for (let bank = 0; bank < banks; bank++) paintBank(scene, horizon, sunX, bank / (banks - 1));
}

function paintBank({ canvas, light, random, palette }: Scene, horizon: number, sunX: number, near: number): void {
  const { width, height } = canvas;
  const unit = Math.max(width, height);
  const base = lerp(horizon + unit * 0.012, height * 1.06, near ** 1.9);
  const tops = billows(width, base, unit * lerp(0.012, 0.14, near ** 1.3), random);
  const clear = 0.25 + 0.75 * near ** 0.7;
  const lit = mix(light.haze, mix(mix(light.key, [1, 1, 1], 0.28), palette[0], 0.25), clear);
  const shade = mix(light.haze, mix(mix(light.middle, light.shade, 0.3), palette[1], 0.35), clear * 0.85);
  const depth = unit * lerp(0.03, 0.22, near);
  const grain = lerp(0.9, 0.22, near);
  const shift = random() * 512;
  for (let x = 0; x < width; x++) {
    const top = tops[x] ?? height;
    const slope = ((tops[Math.min(width - 1, x + 6)] ?? top) - (tops[Math.max(0, x - 6)] ?? top)) / 12;
    const towards = clamp(0.5 + slope * 0.55 * Math.max(-1, Math.min(1, (x / width - sunX) * 4)));
    for (let y = Math.max(0, Math.floor(top)); y < height; y++) {
      const down = y - top;
      const puff =
        sample(ROUGH, x * grain + shift, y * grain * 1.3 + shift) * 0.6 +
        sample(ROUGH, x * grain * 3.1, y * grain * 3.1 + shift) * 0.4;
      const face = 1 - smoothstep(-0.15, 1, down / depth + (0.5 - puff) * 1.5);
      const share = clamp(face * (0.62 + 0.5 * towards) + (puff - 0.5) * 0.25);
      const cover = Math.min(1, (down + 1) / lerp(3, 9, near));
      canvas.blend(
        x,
        y,
        [lerp(shade[0], lit[0], share), lerp(shade[1], lit[1], share), lerp(shade[2], lit[2], share)],
        cover,
      );
    }
  }
}

/** The upper edge of a bank: the outline of many round heads. */
function billows(width: number, base: number, radius: number, random: Scene['random']): Float32Array {
  const tops = new Float32Array(width).fill(base);
  const heads = Math.ceil((width / radius) * 2.6);
  for (let head = 0; head < heads; head++) {
    const centre = between(random, -0.05, 1.05) * width;
    const size = radius * between(random, 0.25, 1) ** 1.4;
    const sink = size * between(random, 0, 0.7);
    const end = Math.min(width - 1, centre + size);
    for (let x = Math.max(0, Math.ceil(centre - size)); x <= end; x++) {
      const top = base + sink - Math.sqrt(size * size - (x - centre) ** 2);
      if (top < (tops[x] ?? base)) tops[x] = top;
    }
  }
  return tops;
}
