import { gradient, ramp } from '../canvas.ts';
import { clamp, mix, smoothstep } from '../colour.ts';
import { line, ROUGH, sample } from '../noise.ts';
import { between } from '../random.ts';
import type { Scene } from '../scene.ts';
import { paintSky } from '../sky.ts';

/** Open water to the horizon, with the sun's road on it; islands on some days. */
export function paintSea(scene: Scene): void {
  const { canvas, random, weather } = scene;
  const horizon = Math.round(canvas.height * between(random, 0.36, 0.6));
  const sunX = between(random, 0.2, 0.8);
  paintSky(scene, { horizon, sunX, clouds: 0.15 + weather * 0.75 });
  if (random() < 0.6) paintIslands(scene, horizon);
  paintWater(scene, horizon, sunX);
}

function paintIslands({ canvas, light, random, place }: Scene, horizon: number): void {
  const centre = between(random, 0.1, 0.9) * canvas.width;
  const half = canvas.width * between(random, 0.16, 0.4);
  const tall = canvas.height * between(random, 0.02, 0.06);
  const rock = mix(light.haze, light.shade, 0.5);
  for (let x = 0; x < canvas.width; x++) {
    const inside = 1 - ((x - centre) / half) ** 2;
    if (inside <= 0) continue;
    const top = horizon - tall * inside * (0.9 + 0.6 * line(place, x / 160, 5));
    for (let y = Math.max(0, Math.floor(top)); y < horizon; y++) {
      canvas.blend(x, y, mix(rock, light.haze, ((y - top) / (horizon - top + 1)) * 0.5), clamp(y - top + 0.5));
    }
  }
}

function paintWater({ canvas, light, random, palette, weather }: Scene, horizon: number, sunX: number): void {
  const { width, height, data } = canvas;
  const reach = Math.max(width, height);
  const mirror = gradient([
    [0, light.zenith],
    [0.55, light.middle],
    [1, light.horizon],
  ]);
  const deep = mix(mix(palette[0], light.shade, 0.25 + 0.6 * light.night), light.middle, 0.12);
  const shiftX = random() * 512;
  const swell = 0.7 + weather * 0.7;
  const shine = light.glow * (light.height > 0.5 ? 0.35 : 1) * (1 - weather * 0.35);
  for (let y = horizon; y < height; y++) {
    const down = (y - horizon + 0.5) / (height - horizon);
    const distance = 1 / (down * 0.96 + 0.035);
    const fresnel = 0.86 - 0.62 * smoothstep(0, 0.9, down);
    const road = 0.012 + down * 0.11 + 0.02 * (1 - light.height);
    for (let x = 0; x < width; x++) {
      const across = (x - width / 2) / reach;
      const u = across * distance * 190 + shiftX;
      const v = distance * 110;
      const large = sample(ROUGH, u * 0.45, v * 1.5) - 0.5;
      const small = sample(ROUGH, u * 2.1 + 91, v * 5.2) - 0.5;
      const tilt = (large * 0.75 + small * 0.5) * swell;
      const base = ramp(1 - clamp(down * 0.75 + tilt * (0.35 + down * 0.5) + 0.1));
      const reflect = clamp(fresnel + tilt * 0.75);
      let r = deep[0] + ((mirror[base] ?? 0) - deep[0]) * reflect;
      let g = deep[1] + ((mirror[base + 1] ?? 0) - deep[1]) * reflect;
      let b = deep[2] + ((mirror[base + 2] ?? 0) - deep[2]) * reflect;
      const off = (x / width - sunX) / (road * 2.4);
      const glitter = shine * Math.exp(-off * off) * smoothstep(0.02, 0.34, small + large * 0.6 + 0.16 * (1 - down));
      r += (light.sun[0] - r) * glitter;
      g += (light.sun[1] - g) * glitter;
      b += (light.sun[2] - b) * glitter;
      const mist = smoothstep(0.05, 0, down) * 0.55;
      const at = (y * width + x) * 3;
      data[at] = r + (light.horizon[0] - r) * mist;
      data[at + 1] = g + (light.horizon[1] - g) * mist;
      data[at + 2] = b + (light.horizon[2] - b) * mist;
    }
  }
}
