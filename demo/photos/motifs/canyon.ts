import { clamp, lerp, mix, multiply, smoothstep, type Rgb } from '../colour.ts';
import { line, ROUGH, sample, SMOOTH } from '../noise.ts';
import { between } from '../random.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';
import { paintTerrain } from '../terrain.ts';
import { mixFast } from './dunes.ts';

/** Table mountains of banded rock, over a plain. */
export function paintCanyon(scene: Scene): void {
  const { canvas, random, weather } = scene;
  const horizon = canvas.height * between(random, 0.5, 0.62);
  const sunX = random() < 0.5 ? between(random, 0.05, 0.3) : between(random, 0.7, 0.95);
  paintSky(scene, { horizon, sunX, clouds: 0.1 + weather * 0.6 });
  const pan = between(random, 0, 60);
  for (let layer = 0; layer < 4; layer++) paintMesas(scene, { horizon, sunX, near: layer / 3, pan });
  paintPlain(scene, horizon, sunX);
}

interface Mesas {
  horizon: number;
  sunX: number;
  near: number;
  pan: number;
}

function paintMesas({ canvas, light, palette, place }: Scene, { horizon, sunX, near, pan }: Mesas): void {
  const { width, height } = canvas;
  const unit = Math.max(width, height);
  const foot = horizon + unit * lerp(0.012, 0.06, near);
  const tall = unit * lerp(0.09, 0.26, near ** 1.2);
  const clear = lerp(0.3, 0.95, near);
  const key = mix(light.key, light.haze, 0.1);
  const bright = mix(light.haze, multiply(palette[0], key), clear);
  const band = mix(light.haze, multiply(palette[1], key), clear);
  const shade = mix(light.haze, mix(multiply(palette[1], light.shade), light.shade, 0.45), clear);
  const tops = Float32Array.from({ length: width }, (_, x) => {
    const wide = line(place + Math.round(near * 3) * 17, (x / unit) * lerp(3.2, 1.7, near) + pan + near * 40, 4, 0.4);
    const fine = line(place + 5, (x / unit) * 60 + pan, 3) * 0.02;
    const table = smoothstep(0.02, 0.07, wide + fine) * 0.42 + smoothstep(0.16, 0.21, wide + fine) * 0.36;
    return foot - tall * (table * 0.94 + smoothstep(-0.16, 0.1, wide) * 0.3 + fine);
  });
  for (let x = 0; x < width; x++) {
    const top = tops[x] ?? foot;
    const slope = ((tops[Math.min(width - 1, x + 9)] ?? top) - (tops[Math.max(0, x - 9)] ?? top)) / 18;
    const towards = slope * (sunX > 0.5 ? -0.22 : 0.22);
    for (let y = Math.max(0, Math.floor(top)); y < Math.min(height, foot + unit * 0.04); y++) {
      const up = (foot - y) / tall;
      const flute = sample(ROUGH, x * lerp(0.9, 0.5, near) + place, y * 0.07 + near * 90) - 0.5;
      const strata = line(place, up * 15 + sample(ROUGH, x * 0.1, y * 0.1) * 0.9, 3, 0.6) * 0.75 + 0.5;
      const talus = smoothstep(0.42, 0.16, up);
      const lit = clamp(0.66 + towards + flute * lerp(1.1, 0.4, talus) - 0.14 * smoothstep(0.62, 0.2, up));
      const rock = mixFast(band, bright, lerp(strata, 0.7, talus));
      const colour: Rgb = mixFast(shade, rock, smoothstep(0.1, 0.85, lit));
      canvas.blend(x, y, colour, clamp(y - top + 0.5));
    }
  }
}

function paintPlain(scene: Scene, horizon: number, sunX: number): void {
  const { light, random, palette, weather } = scene;
  const offset = random() * 512;
  const lit = multiply(mix(palette[0], palette[1], 0.25), mix(light.key, light.haze, 0.15));
  const dark = mix(multiply(palette[1], light.shade), light.shade, 0.4);
  paintTerrain(scene, {
    horizon,
    sunX,
    height: (x, z) => sample(SMOOTH, x * 3 + offset, z * 3.4) * 1.7 + sample(ROUGH, x * 9, z * 9 + offset) * 0.3 - 3.9,
    near: 2,
    far: 70,
    clear: 70 - weather * 25,
    colour: ({ x, z, facing }) => {
      const scrub = smoothstep(0.6, 0.72, sample(ROUGH, x * 26 + offset, z * 26)) * smoothstep(50, 8, z);
      const grain = (sample(ROUGH, x * 60, z * 60) - 0.5) * 0.2 * smoothstep(20, 3, z);
      return mixFast(dark, lit, smoothstep(-0.3, 0.65, facing + grain) * (1 - scrub * 0.55), 1 + grain);
    },
  });
}
