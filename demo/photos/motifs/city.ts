import { mix, type Rgb } from '../colour.ts';
import { between, createRandom } from '../random.ts';
import { paintReflection } from '../reflect.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';

const LAMPS: readonly Rgb[] = [
  [1, 0.83, 0.55],
  [1, 0.9, 0.72],
  [1, 0.74, 0.45],
];

/** A skyline across the water, its windows lit as the light goes. */
export function paintCity(scene: Scene): void {
  const { canvas, light, random, palette, weather } = scene;
  const shore = Math.round(canvas.height * between(random, 0.62, 0.74));
  paintSky(scene, { horizon: shore, sunX: between(random, 0.2, 0.8), clouds: 0.1 + weather * 0.6 });
  const layers = 4;
  for (let layer = 0; layer < layers; layer++) {
    const near = layer / (layers - 1);
    const body = mix(light.haze, mix(light.shade, palette[0], 0.3), 0.25 + 0.65 * near);
    paintRow(scene, { shore, near, layer, body });
  }
  paintReflection(scene, shore, mix(mix(palette[1], light.shade, 0.6), light.horizon, 0.1), 0.35 + weather * 0.5);
}

interface Row {
  shore: number;
  near: number;
  layer: number;
  body: Rgb;
}

/** Buildings come from the place, not from chance, so that one skyline is seen in 25 lights. */
function paintRow({ canvas, light, random, place }: Scene, { shore, near, layer, body }: Row): void {
  const plan = createRandom(place * 7 + layer);
  const unit = Math.max(canvas.width, canvas.height);
  const lit = Math.max(0, light.night * 1.15 - 0.05) ** 0.7 * (0.3 + 0.28 * near);
  const foot = mix(mix(body, light.haze, 0.45), [0.95, 0.62, 0.36], light.night * (0.6 - 0.35 * near));
  let x = -unit * (0.02 + 0.05 * random());
  while (x < canvas.width) {
    const width = Math.round(unit * between(plan, 0.016, 0.05) * (0.7 + 0.4 * near));
    const tower = plan() < 0.14 ? 1.75 : 1;
    const tall = Math.round(unit * between(plan, 0.05, 0.19) * tower * (1.15 - near * 0.45));
    const spire = tower > 1 && plan() < 0.5 ? Math.round(tall * 0.22) : 0;
    const left = Math.round(x);
    paintBlock(canvas, left, shore - tall, width, tall, body, foot);
    if (spire > 0) paintBlock(canvas, left + (width >> 1), shore - tall - spire, 2, spire, body, body);
    paintWindows({ canvas, light, random }, left, shore - tall, width, tall, lit, near);
    x += width * between(plan, 0.85, 1.25);
  }
}

function paintBlock(
  canvas: Scene['canvas'],
  left: number,
  top: number,
  width: number,
  tall: number,
  body: Rgb,
  foot: Rgb,
): void {
  for (let y = Math.max(0, top); y < top + tall; y++) {
    const down = ((y - top) / tall) ** 2;
    const colour: Rgb = [
      body[0] + (foot[0] - body[0]) * down,
      body[1] + (foot[1] - body[1]) * down,
      body[2] + (foot[2] - body[2]) * down,
    ];
    for (let x = Math.max(0, left); x < Math.min(canvas.width, left + width); x++) {
      canvas.set(x, y, colour[0], colour[1], colour[2]);
    }
  }
}

function paintWindows(
  { canvas, random }: Pick<Scene, 'canvas' | 'light' | 'random'>,
  left: number,
  top: number,
  width: number,
  tall: number,
  lit: number,
  near: number,
): void {
  if (lit <= 0) return;
  const pitch = near > 0.6 ? 8 : 6;
  for (let y = top + 5; y < top + tall - 4; y += pitch) {
    for (let x = left + 3; x < left + width - 4; x += pitch - 1) {
      if (random() > lit || x < 1 || x >= canvas.width - 2 || y < 1 || y > canvas.height - 4) continue;
      const lamp = LAMPS[Math.floor(random() * LAMPS.length)] ?? [1, 1, 1];
      const strength = between(random, 0.7, 1);
      for (let pixel = 0; pixel < 6; pixel++) canvas.blend(x + (pixel & 1), y + (pixel >> 1), lamp, strength);
    }
  }
}
