import { gradient, ramp } from './canvas.ts';
import { clamp, mix, smoothstep, type Rgb } from './colour.ts';
import { ROUGH, sample } from './noise.ts';
import { between } from './random.ts';
import type { Scene } from './scene.ts';

export interface SkyOptions {
  /** The end of the sky, in pixels from the top. */
  horizon: number;
  /** The horizontal position of the sun, as a share of the width. */
  sunX: number;
  /** Cloud cover, from 0 (clear) to 1. */
  clouds: number;
  /** The last row to paint, because something else covers the sky below it. @default a little below the horizon */
  until?: number;
}

/** The position of the sun on the canvas, in pixels. */
export interface Sun {
  x: number;
  y: number;
}

/** Paints the sky: a gradient, the sun, clouds in perspective, and stars if it is dark. */
export function paintSky(scene: Scene, { horizon, sunX, clouds, until }: SkyOptions): Sun {
  const { canvas, light, random } = scene;
  const { width, height, data } = canvas;
  const sun = { x: sunX * width, y: horizon * (1 - light.height) };
  const colours = gradient([
    [0, light.zenith],
    [0.55, light.middle],
    [1, light.horizon],
  ]);
  const lit = mix(light.horizon, light.key, 0.6);
  const dark = mix(light.middle, light.shade, 0.35 + 0.2 * (1 - light.night));
  const shiftX = random() * 512;
  const shiftY = random() * 512;
  const reach = Math.max(width, height);
  const halo = light.glow * (1 - 0.8 * light.night);
  const threshold = 0.72 - clouds * 0.42;

  const end = Math.min(height, Math.ceil(until ?? horizon + reach * 0.08));
  for (let y = 0; y < end; y++) {
    const up = clamp(y / horizon);
    const base = ramp(up);
    const red = colours[base] ?? 0;
    const green = colours[base + 1] ?? 0;
    const blue = colours[base + 2] ?? 0;
    const distance = 1 / (1.06 - Math.min(up, 1));
    const thin = smoothstep(1, 0.72, up) * 0.85 + 0.15;
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const dx = (x - sun.x) / reach;
      const dy = (y - sun.y) / reach;
      const away = dx * dx * 0.7 + dy * dy * 1.6;
      const near = halo * (0.5 / (1 + away * 22) + 0.5 / (1 + away * 260));
      let r = red + (light.sun[0] - red) * near;
      let g = green + (light.sun[1] - green) * near;
      let b = blue + (light.sun[2] - blue) * near;
      if (clouds > 0.02 && y < horizon) {
        const u = ((x - width / 2) / reach) * 150 * distance + shiftX;
        const v = 95 * distance + shiftY;
        const density = sample(ROUGH, u, v * 2.1);
        const cover = smoothstep(threshold, threshold + 0.3, density) * thin;
        if (cover > 0) {
          const side = clamp(
            0.5 + (density - sample(ROUGH, u - 7 * Math.max(-1, Math.min(1, dx * 5)), v * 2.1 + 9)) * 2.4 + near * 0.7,
          );
          const share = cover * 0.82;
          r += (dark[0] + (lit[0] - dark[0]) * side - r) * share;
          g += (dark[1] + (lit[1] - dark[1]) * side - g) * share;
          b += (dark[2] + (lit[2] - dark[2]) * side - b) * share;
        }
      }
      data[at] = r;
      data[at + 1] = g;
      data[at + 2] = b;
    }
  }
  if (light.night > 0.3) paintStars(scene, horizon, clouds);
  paintDisc(scene, sun, horizon, clouds);
  return sun;
}

function paintStars({ canvas, light, random }: Scene, horizon: number, clouds: number): void {
  const count = Math.round(900 * light.night * (1 - clouds * 0.8));
  const tints: readonly Rgb[] = [
    [1, 1, 1],
    [0.8, 0.88, 1],
    [1, 0.92, 0.8],
  ];
  for (let star = 0; star < count; star++) {
    const x = random() * canvas.width;
    const y = random() ** 1.3 * horizon;
    const size = random() ** 14;
    canvas.glow(x, y, 1.2 + 2.6 * size, tints[star % 3] ?? [1, 1, 1], between(random, 0.25, 0.75) + size * 0.3);
  }
}

function paintDisc({ canvas, light }: Scene, sun: Sun, horizon: number, clouds: number): void {
  const unit = Math.max(canvas.width, canvas.height);
  if (sun.y > horizon + unit * 0.01 || light.glow < 0.3 || light.height > 0.7) return;
  const clear = 1 - clouds * 0.6;
  if (light.night > 0.8) {
    canvas.glow(sun.x, sun.y, unit * 0.16, light.sun, 0.3 * clear);
    canvas.glow(sun.x, sun.y, unit * 0.019, [1, 1, 0.97], 1.6 * clear);
    return;
  }
  canvas.glow(sun.x, sun.y, unit * 0.3, light.sun, 0.35 * light.glow * clear);
  canvas.glow(sun.x, sun.y, unit * 0.05, [1, 0.97, 0.88], 0.95 * light.glow * clear);
}
