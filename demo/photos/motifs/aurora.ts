import { mix, smoothstep, type Rgb } from '../colour.ts';
import { line } from '../noise.ts';
import { between } from '../random.ts';
import { paintReflection } from '../reflect.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';
import { paintRange } from './ridges.ts';

/** Northern lights over a lake. */
export function paintAurora(scene: Scene): void {
  const { canvas, light, random, palette, weather } = scene;
  const shore = canvas.height * between(random, 0.66, 0.8);
  const sunX = between(random, 0.1, 0.9);
  paintSky(scene, { horizon: shore, sunX, clouds: weather * 0.35 });
  const curtains = 2 + Math.floor(random() * 2);
  for (let curtain = 0; curtain < curtains; curtain++) {
    paintCurtain(scene, shore * between(random, 0.42, 0.78), palette[0], palette[1]);
  }
  const rock = mix(light.shade, light.zenith, 0.3);
  paintRange({ ...scene, palette: [rock, rock] }, { from: shore * 0.99, to: shore * 1.08, layers: 3, sunX });
  paintReflection(scene, shore, mix(light.shade, palette[0], 0.12), between(random, 0.15, 0.7));
}

function paintCurtain({ canvas, light, random }: Scene, foot: number, low: Rgb, high: Rgb): void {
  const seed = Math.floor(random() * 10_000);
  const unit = Math.max(canvas.width, canvas.height);
  const tall = unit * between(random, 0.28, 0.46);
  const strength = between(random, 0.55, 0.95) * (0.25 + 0.75 * light.night);
  const lean = between(random, -0.25, 0.25);
  const colours = Array.from({ length: 64 }, (_, index) => mix(low, high, smoothstep(0.15, 0.95, index / 63)));
  for (let x = 0; x < canvas.width; x++) {
    const along = x / unit;
    const bottom = foot + line(seed, along * 2.2, 3) * unit * 0.13 + lean * (x - canvas.width / 2);
    const rays = 0.55 + 0.75 * Math.max(0, line(seed + 7, along * 26, 4, 0.7) + 0.25);
    const drift = smoothstep(-0.75, 0.5, line(seed + 3, along * 1.9, 2));
    const reach = tall * (0.75 + 0.45 * line(seed + 5, along * 9, 3));
    for (let y = Math.max(0, Math.floor(bottom - reach)); y < Math.min(canvas.height, bottom + unit * 0.03); y++) {
      const up = (bottom - y) / reach;
      const fade = up < 0 ? smoothstep(-0.09, 0, up) : Math.max(0, 1 - up) ** 1.6;
      const colour = colours[Math.max(0, Math.min(63, Math.round(up * 63)))] ?? low;
      canvas.expose(x, y, colour, strength * fade * rays * drift);
    }
  }
}
