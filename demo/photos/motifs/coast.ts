import { gradient, ramp } from '../canvas.ts';
import { lerp, mix, multiply, scale, smoothstep } from '../colour.ts';
import { ROUGH, sample, SMOOTH } from '../noise.ts';
import { between } from '../random.ts';
import type { Scene } from '../scene.ts';

/** A shore seen from straight above: sand, shallows, foam, deep water. */
export function paintCoast({ canvas, light, random, palette, weather }: Scene): void {
  const { width, height, data } = canvas;
  const unit = Math.max(width, height);
  const key = mix(light.key, light.middle, 0.25 + 0.3 * light.night);
  const sand = multiply(palette[1], key);
  const water = multiply(palette[0], key);
  const dusk = 1 - 0.45 * light.night;
  const colours = gradient([
    [0, scale(mix(water, light.shade, 0.62), dusk)],
    [0.3, scale(mix(water, light.shade, 0.25), dusk)],
    [0.46, scale(water, dusk)],
    [0.535, scale(mix(water, [0.86, 0.95, 0.9], 0.5), dusk)],
    [0.56, scale(mix(sand, light.shade, 0.3), dusk)],
    [0.64, scale(sand, dusk)],
    [0.82, scale(mix(sand, [0.97, 0.93, 0.86], 0.3), dusk)],
    [1, scale(mix(sand, [0.42, 0.46, 0.3], 0.6), dusk)],
  ]);
  const angle = random() * Math.PI * 2;
  const alongX = Math.cos(angle);
  const alongY = Math.sin(angle);
  const tide = between(random, -0.12, 0.14);
  const shiftX = random() * 512;
  const shiftY = random() * 512;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const px = (x - width / 2) / unit;
      const py = (y - height / 2) / unit;
      const bay = sample(SMOOTH, px * 120 + shiftX, py * 120 + shiftY) - 0.5;
      const fine = sample(ROUGH, px * 300 + shiftX, py * 300 + shiftY) - 0.5;
      const level = 0.53 + tide + (px * alongX + py * alongY) * 0.55 + bay * 0.42 + fine * 0.07;
      const wave = Math.sin(level * 95 + fine * 16 + bay * 5) * 0.5 + 0.5;
      const shoal = smoothstep(0.28, 0.5, level) * smoothstep(0.556, 0.54, level);
      const foam =
        smoothstep(0.86, 1, wave) * shoal * smoothstep(0.42, 0.7, sample(ROUGH, px * 900, py * 900 + shiftX) + 0.12) +
        smoothstep(0.012, 0.002, Math.abs(level - 0.547 - fine * 0.05));
      const base = ramp(level);
      const glint = (sample(ROUGH, px * 1500 + shiftY, py * 1100) - 0.5) * (level < 0.55 ? 0.17 : 0.1);
      const ripple = level < 0.55 ? (sample(ROUGH, px * 420, py * 260 + level * 60) - 0.5) * (0.1 + weather * 0.12) : 0;
      const gain = 1 + glint + ripple;
      const white = Math.min(0.9, foam * 0.85) * dusk;
      const at = (y * width + x) * 3;
      data[at] = lerp((colours[base] ?? 0) * gain, key[0], white);
      data[at + 1] = lerp((colours[base + 1] ?? 0) * gain, key[1], white);
      data[at + 2] = lerp((colours[base + 2] ?? 0) * gain, key[2], white);
    }
  }
}
