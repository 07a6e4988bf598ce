import { clamp, lerp, mix, smoothstep, type Rgb } from '../colour.ts';
import { line, ROUGH, sample } from '../noise.ts';
import { between } from '../random.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';

/** Mountain ridges one behind the other, with mist in the valleys. */
export function paintRidges(scene: Scene): void {
  const { canvas, random, light } = scene;
  const horizon = canvas.height * between(random, 0.42, 0.58);
  const sunX = between(random, 0.15, 0.85);
  paintSky(scene, {
    horizon: horizon * 1.08,
    sunX,
    clouds: scene.weather * 0.8,
    until: canvas.height,
  });
  paintRange(scene, {
    from: horizon * between(random, 0.78, 0.95),
    to: canvas.height * 1.02,
    layers: 7,
    sunX,
  });
  if (light.night < 0.5 && random() < 0.5) paintBirds(scene, horizon);
}

export interface RangeOptions {
  /** Where the farthest and the nearest ridge run, in pixels from the top. */
  from: number;
  to: number;
  layers: number;
  sunX: number;
}

/** The ridges alone, over whatever sky is there. */
export function paintRange({ canvas, light, random, palette, place, weather }: Scene, range: RangeOptions): void {
  const { width, height } = canvas;
  const unit = Math.max(width, height);
  const pan = between(random, 0, 40);
  const tops = Array.from({ length: range.layers }, (_, layer) => {
    const near = layer / (range.layers - 1);
    const base = lerp(range.from, range.to, near ** 1.35);
    const tall = unit * lerp(0.1, 0.17, Math.sin(near * Math.PI)) * (1 - near * 0.25);
    return Float32Array.from({ length: width }, (__, x) => {
      const along = (x / unit) * lerp(2.6, 1.5, near) + pan + layer * 9.7;
      return base - tall * (1 - Math.abs(line(place + layer * 31, along, 7, 0.47)) * 1.7);
    });
  });
  for (let layer = 0; layer < range.layers; layer++) {
    const near = layer / (range.layers - 1);
    const base = lerp(range.from, range.to, near ** 1.35);
    const body = mix(light.haze, mix(light.shade, palette[layer % 2] ?? light.shade, 0.4), 0.22 + 0.74 * near ** 1.15);
    const foot = mix(light.haze, body, 0.2 + 0.35 * near);
    const mist = unit * lerp(0.1, 0.26, near) * (1.25 - weather * 0.5);
    const rim = mix(body, light.key, 0.3 * (1 - near) * (1 - light.night));
    for (let x = 0; x < width; x++) {
      const hidden = Math.min(...tops.slice(layer + 1).map((nearer) => nearer[x] ?? height));
      paintSlope(x, tops[layer]?.[x] ?? height, hidden, { canvas, body, foot, rim, near, mist });
    }
    veil(canvas, base, unit * 0.06, light.haze, weather * 0.3 * (1 - near));
  }
}

interface Slope {
  canvas: Scene['canvas'];
  body: Rgb;
  foot: Rgb;
  rim: Rgb;
  near: number;
  /** How far below its top a ridge is lost in mist, in pixels. */
  mist: number;
}

/** One column of a ridge, from its top down to where a nearer ridge hides it. */
function paintSlope(x: number, top: number, hidden: number, { canvas, body, foot, rim, near, mist }: Slope): void {
  const first = Math.max(0, Math.floor(top));
  const end = Math.min(canvas.height, Math.ceil(hidden) + 1);
  for (let y = first; y < end; y++) {
    const down = y - top;
    const fog = clamp(down / mist) ** 1.4;
    const grain = 1 + (sample(ROUGH, x * 0.55 + near * 200, y * 0.4 - x * 0.2) - 0.5) * 0.2 * near;
    const edge = smoothstep(7, 0, down) * 0.5;
    const red = lerp(lerp(body[0], rim[0], edge), foot[0], fog) * grain;
    const green = lerp(lerp(body[1], rim[1], edge), foot[1], fog) * grain;
    const blue = lerp(lerp(body[2], rim[2], edge), foot[2], fog) * grain;
    if (down < 1) canvas.blend(x, y, [red, green, blue], clamp(down + 0.5));
    else canvas.set(x, y, red, green, blue);
  }
}

function veil(canvas: Scene['canvas'], centre: number, half: number, colour: Rgb, strength: number): void {
  const first = Math.max(0, Math.floor(centre - half));
  const end = Math.min(canvas.height, Math.ceil(centre + half));
  for (let y = first; y < end; y++) {
    const share = strength * (1 - Math.abs(y - centre) / half);
    for (let x = 0; x < canvas.width; x++) {
      canvas.blend(x, y, colour, share * sample(ROUGH, x * 0.25, y * 0.9 + centre));
    }
  }
}

function paintBirds({ canvas, light, random }: Scene, horizon: number): void {
  const count = 3 + Math.floor(random() * 6);
  const flockX = between(random, 0.2, 0.8) * canvas.width;
  const flockY = between(random, 0.35, 0.7) * horizon;
  for (let bird = 0; bird < count; bird++) {
    const x = Math.round(flockX + between(random, -70, 70));
    const y = Math.round(flockY + between(random, -28, 28));
    const span = 3 + Math.floor(random() * 5);
    for (let wing = -span; wing <= span; wing++) {
      const lift = Math.round(Math.sin((Math.abs(wing) / span) * 2.4) * span * 0.45);
      if (x + wing < 1 || x + wing >= canvas.width || y - lift < 1) continue;
      canvas.blend(x + wing, y - lift, light.shade, 0.75);
    }
  }
}
