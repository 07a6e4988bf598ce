import { mix, multiply, smoothstep } from '../colour.ts';
import { ROUGH, sample, SMOOTH } from '../noise.ts';
import { between } from '../random.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';
import { paintTerrain } from '../terrain.ts';
import { mixFast } from './dunes.ts';
import { paintFir } from './forest.ts';
import { paintRange } from './ridges.ts';

/** Fields under new snow, a few firs, and flakes when the weather brings them. */
export function paintSnow(scene: Scene): void {
  const { canvas, light, random, palette, weather } = scene;
  const horizon = canvas.height * between(random, 0.4, 0.54);
  const sunX = random() < 0.5 ? between(random, 0.1, 0.35) : between(random, 0.65, 0.9);
  paintSky(scene, { horizon, sunX, clouds: 0.15 + weather * 0.7 });
  paintRange(scene, { from: horizon * 0.93, to: horizon * 1.1, layers: 3, sunX });

  const offset = random() * 512;
  const lit = multiply(mix(palette[0], [1, 1, 1], 0.6), light.key);
  const shade = mix(mix(light.zenith, light.middle, 0.6), light.shade, 0.25);
  paintTerrain(scene, {
    horizon,
    sunX,
    height: (x, z) => sample(SMOOTH, x * 3.2 + offset, z * 3.6) * 4.4 * smoothstep(1, 9, z) - 4.6,
    near: 2,
    far: 90,
    clear: 90 - weather * 50,
    colour: ({ x, z, facing }) => {
      const drift = sample(ROUGH, x * 7 + offset, z * 16) - 0.5;
      return mixFast(shade, lit, smoothstep(-0.1, 0.7, facing + drift * 0.22), 1 + drift * 0.05);
    },
  });
  paintTrees(scene, horizon);
  if (weather > 0.45) paintFlakes(scene);
}

function paintTrees(scene: Scene, horizon: number): void {
  const { canvas, light, random, palette } = scene;
  const dark = mix(light.shade, palette[1], 0.4);
  const trees = Array.from({ length: 3 + Math.floor(random() * 14) }, () => random() ** 2).toSorted((a, b) => a - b);
  const grove = between(random, 0.15, 0.85);
  for (const near of trees) {
    const x = (grove + between(random, -0.3, 0.3) * (0.5 + near)) * canvas.width;
    const foot = horizon + (canvas.height - horizon) * (0.12 + near * 0.5);
    const tall = canvas.height * (0.07 + near * 0.34) * between(random, 0.8, 1.1);
    paintFir(scene, x, foot, tall, mix(light.haze, dark, 0.6 + near * 0.35));
  }
}

function paintFlakes({ canvas, random, weather }: Scene): void {
  for (let flake = 0; flake < 420 * weather; flake++) {
    const near = random() ** 3;
    canvas.glow(
      random() * canvas.width,
      random() * canvas.height,
      2 + near * 9,
      [1, 1, 1],
      between(random, 0.25, 0.7) * (1 - near * 0.55),
    );
  }
}
