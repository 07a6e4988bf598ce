import { mix, multiply, smoothstep } from '../colour.ts';
import { ROUGH, sample, SMOOTH } from '../noise.ts';
import { between } from '../random.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';
import { paintTerrain } from '../terrain.ts';
import { mixFast } from './dunes.ts';
import { paintRange } from './ridges.ts';

/** Rolling fields in rows: lavender, tea, wheat, whatever the palette grows. */
export function paintMeadow(scene: Scene): void {
  const { canvas, light, random, palette, weather } = scene;
  const horizon = canvas.height * between(random, 0.36, 0.5);
  const sunX = between(random, 0.1, 0.9);
  paintSky(scene, { horizon, sunX, clouds: 0.25 + weather * 0.6 });
  paintRange(scene, { from: horizon * 0.92, to: horizon * 1.08, layers: 3, sunX });
  const offset = random() * 512;
  const turn = between(random, -0.55, 0.55);
  const bloom = multiply(palette[0], mix(light.key, light.middle, 0.15));
  const earth = multiply(palette[1], mix(light.key, light.shade, 0.4));
  const shade = mix(multiply(palette[1], light.shade), light.shade, 0.55);
  paintTerrain(scene, {
    horizon,
    sunX,
    height: (x, z) => sample(SMOOTH, x * 1.5 + offset, z * 1.3) * 4.2 * smoothstep(2, 16, z) - 3.4,
    near: 2,
    far: 110,
    clear: 85 - weather * 40,
    colour: ({ x, z, facing }) => {
      const bend = sample(SMOOTH, x * 1.2 + offset, z * 1.2) * 5;
      const row = Math.sin((x + turn * z + bend) * 5.4) * 0.5 + 0.5;
      const blur = smoothstep(55, 12, z);
      const flower = (sample(ROUGH, x * 46, z * 46) - 0.5) * smoothstep(24, 3, z);
      const crop = smoothstep(0.5 - 0.42 * blur, 0.5 + 0.3 * blur, row + flower * 0.7) * blur + 0.62 * (1 - blur);
      const ground = mixFast(earth, bloom, crop, 1 + flower * 0.55);
      return mixFast(shade, ground, smoothstep(-0.35, 0.5, facing + flower * 0.25));
    },
  });
}
