import { mix } from '../colour.ts';
import { between } from '../random.ts';
import { paintReflection } from '../reflect.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';
import { paintFir } from './forest.ts';
import { paintRange } from './ridges.ts';

/** A mountain lake, still enough to hold the sky. */
export function paintLake(scene: Scene): void {
  const { canvas, light, random, palette, weather } = scene;
  const shore = canvas.height * between(random, 0.5, 0.64);
  const sunX = between(random, 0.15, 0.85);
  paintSky(scene, { horizon: shore, sunX, clouds: 0.15 + weather * 0.6 });
  paintRange(scene, {
    from: shore * between(random, 0.66, 0.8),
    to: shore * 1.08,
    layers: 5,
    sunX,
  });
  paintShoreTrees(scene, shore);
  paintReflection(scene, shore, mix(mix(palette[1], light.shade, 0.45), light.middle, 0.25), 0.1 + weather * 0.6);
}

function paintShoreTrees(scene: Scene, shore: number): void {
  const { canvas, light, random, palette } = scene;
  const colour = mix(mix(light.shade, palette[1], 0.35), light.haze, 0.08);
  const fromLeft = random() < 0.5;
  const reach = between(random, 0.3, 0.65);
  for (let tree = 0; tree < 46; tree++) {
    const along = random() ** 1.4 * reach;
    const x = (fromLeft ? along : 1 - along) * canvas.width;
    const tall = canvas.height * between(random, 0.05, 0.15) * (1 - along * 0.9);
    paintFir(scene, x, shore + 1, tall, colour);
  }
}
