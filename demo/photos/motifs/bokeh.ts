import { gradient, ramp } from '../canvas.ts';
import { mix, scale, smoothstep, type Rgb } from '../colour.ts';
import { ROUGH, sample } from '../noise.ts';
import { between } from '../random.ts';
import type { Scene } from '../scene.ts';

/** Stems of grass and seed heads before light that is out of focus. */
export function paintBokeh(scene: Scene): void {
  paintBackground(scene);
  paintLights(scene);
  paintStems(scene);
}

function paintBackground({ canvas, light, random, palette }: Scene): void {
  const { width, height, data } = canvas;
  const dim = mix(palette[1], light.shade, 0.45);
  const colours = gradient([
    [0, scale(dim, 0.75)],
    [0.45, mix(dim, palette[0], 0.45)],
    [0.8, mix(palette[0], light.horizon, 0.5)],
    [1, mix(palette[0], light.horizon, 0.8)],
  ]);
  const angle = between(random, -0.6, 0.6);
  const shift = random() * 512;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const slope = 0.72 - y / height + (x / width - 0.5) * angle;
      const base = ramp(slope * 0.62 + sample(ROUGH, x * 0.045 + shift, y * 0.045) * 0.75 - 0.1);
      const at = (y * width + x) * 3;
      data[at] = colours[base] ?? 0;
      data[at + 1] = colours[base + 1] ?? 0;
      data[at + 2] = colours[base + 2] ?? 0;
    }
  }
}

function paintLights({ canvas, light, random, palette }: Scene): void {
  const unit = Math.max(canvas.width, canvas.height);
  const focusX = between(random, 0.25, 0.75);
  const focusY = between(random, 0.2, 0.5);
  const tones = [light.sun, mix(palette[0], light.sun, 0.5), palette[0], mix(light.key, palette[1], 0.3)];
  for (let spot = 0; spot < 64; spot++) {
    const spread = 0.18 + spot * 0.008;
    const x = (focusX + between(random, -1, 1) * spread) * canvas.width;
    const y = (focusY + between(random, -1, 1) * spread) * canvas.height;
    const radius = unit * between(random, 0.008, 0.052);
    paintDisc(canvas, x, y, radius, tones[spot % 4] ?? light.sun, between(random, 0.08, 0.42));
  }
}

/** An out-of-focus point: an even disc with a slightly brighter edge, as lenses draw it. */
function paintDisc(canvas: Scene['canvas'], x: number, y: number, radius: number, colour: Rgb, strength: number): void {
  for (let row = Math.max(0, Math.floor(y - radius)); row <= Math.min(canvas.height - 1, y + radius); row++) {
    for (let column = Math.max(0, Math.floor(x - radius)); column <= Math.min(canvas.width - 1, x + radius); column++) {
      const away = Math.hypot(column - x, row - y) / radius;
      if (away >= 1) continue;
      canvas.expose(column, row, colour, strength * (0.72 + 0.28 * away ** 5) * smoothstep(1, 0.93, away));
    }
  }
}

function paintStems({ canvas, light, random, palette }: Scene): void {
  const unit = Math.max(canvas.width, canvas.height);
  const count = 5 + Math.floor(random() * 9);
  for (let stem = 0; stem < count; stem++) {
    const sharp = stem / count;
    const colour = mix(mix(palette[1], light.shade, 0.5), light.key, 0.1 + 0.35 * sharp);
    const rim = mix(palette[0], light.sun, 0.65);
    const foot = between(random, -0.05, 1.05) * canvas.width;
    const tall = canvas.height * between(random, 0.4, 0.82);
    const lean = between(random, -0.22, 0.22) * unit;
    const blur = (1 - sharp) * 5 + 1.1;
    for (let step = 0; step <= tall; step++) {
      const up = step / tall;
      const x = foot + lean * up * up;
      const y = canvas.height - step;
      const head = smoothstep(0.72, 0.86, up) * smoothstep(1.02, 0.93, up);
      const half = 1 + blur * 0.6 + head * unit * 0.011 * (0.75 + 0.25 * Math.sin(step * 0.9));
      for (let column = Math.floor(x - half - blur); column <= x + half + blur; column++) {
        if (column < 0 || column >= canvas.width || y < 0 || y >= canvas.height) continue;
        const away = Math.abs(column - x);
        const cover = smoothstep(half + blur, Math.max(0, half - blur), away) * (0.5 + 0.5 * sharp);
        canvas.blend(column, Math.floor(y), away > half * 0.62 ? rim : colour, cover * 0.85);
      }
    }
  }
}
