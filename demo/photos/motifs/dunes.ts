import { lerp, mix, multiply, smoothstep } from '../colour.ts';
import { ridged, ROUGH, sample, SMOOTH } from '../noise.ts';
import { between } from '../random.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';
import { paintTerrain } from '../terrain.ts';

/** A sea of sand: sharp crests, a lit side and a shaded one, ripples near the camera. */
export function paintDunes(scene: Scene): void {
  const { canvas, light, random, palette, place, weather } = scene;
  const horizon = canvas.height * between(random, 0.3, 0.44);
  const sunX = random() < 0.5 ? between(random, 0.05, 0.35) : between(random, 0.65, 0.95);
  paintSky(scene, { horizon, sunX, clouds: weather * 0.45 });

  const offsetX = between(random, 0, 512);
  const offsetZ = between(random, 0, 512);
  const eye = between(random, 2.6, 4.2);
  const lit = multiply(palette[0], light.key);
  const shade = mix(multiply(palette[1], mix(light.shade, light.middle, 0.5)), multiply(palette[1], light.key), 0.16);
  const height = (x: number, z: number) => {
    const bend = sample(SMOOTH, x * 1.1 + offsetX, z * 1.1 + offsetZ) * 30;
    const crest = ridged(SMOOTH, x * 3 + bend + offsetX, z * 4.2 - bend + offsetZ + (place % 512));
    const far = smoothstep(2, 16, z);
    return crest ** 2.4 * lerp(1.2, 5.2, far) + sample(SMOOTH, x * 1.3, z * 1.3 + offsetZ) * 1.6 * far - eye - 1.1;
  };
  paintTerrain(scene, {
    horizon,
    sunX,
    height,
    near: 2.2,
    far: 130,
    clear: 95 - weather * 45,
    colour: ({ x, z, facing }) => {
      const wave = sample(SMOOTH, x * 3 + offsetX, z * 3) * 30;
      const ripple = Math.sin(z * 11 + x * 4 + wave) * 0.05 * smoothstep(30, 3, z);
      const sparkle = (sample(ROUGH, x * 40, z * 40) - 0.5) * 0.08 * smoothstep(25, 2, z);
      return mixFast(shade, lit, smoothstep(0.12, 0.5, facing + ripple + sparkle), 1 + sparkle + ripple);
    },
  });
}

/** In gamma space: called for each visible point, where OKLab would cost more than the rest together. */
export function mixFast(
  from: readonly [number, number, number],
  to: readonly [number, number, number],
  share: number,
  gain = 1,
): readonly [number, number, number] {
  return [lerp(from[0], to[0], share) * gain, lerp(from[1], to[1], share) * gain, lerp(from[2], to[2], share) * gain];
}
