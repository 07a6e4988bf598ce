import { lerp, type Rgb } from './colour.ts';
import type { Scene } from './scene.ts';

/** One visible point of the ground. */
interface Ground {
  x: number;
  z: number;
  height: number;
  /** How much the point faces the sun, from -1 to 1. */
  facing: number;
  /** 0 is flat, 1 is steep. */
  slope: number;
}

export interface TerrainOptions {
  /** Height of the ground; the eye is at 0, so most of it is negative. */
  height: (x: number, z: number) => number;
  /** Colour of the ground before haze. */
  colour: (ground: Ground) => Rgb;
  /** The horizon, in pixels from the top. */
  horizon: number;
  /** The horizontal position of the sun, as a share of the width. */
  sunX: number;
  near?: number;
  far?: number;
  /** Distance at which half the colour is lost to haze. */
  clear: number;
}

/**
 * Draws a height field column by column, from front to back, like flight simulators of the nineties ("voxel space"). It takes a few
 * milliseconds per million pixels, and hills hide the ground behind them without further work.
 */
export function paintTerrain({ canvas, light }: Scene, options: TerrainOptions): void {
  const { width, height: tall, data } = canvas;
  const { near = 1, far = 160, horizon, height, colour, clear } = options;
  const focal = Math.max(width, tall) * 0.9;
  const sunSide = options.sunX < 0.5 ? -1 : 1;
  const ground: Ground = { x: 0, z: 0, height: 0, facing: 0, slope: 0 };

  for (let column = 0; column < width; column++) {
    const ray = (column - width / 2) / focal;
    let floor = tall;
    let last: Rgb | undefined;
    let step = 0.012;
    for (let z = near; z < far && floor > 0; z += z * step) {
      step = z > 40 ? 0.009 : 0.012;
      const x = ray * z;
      const level = height(x, z);
      const top = horizon - (level / z) * focal;
      if (top >= floor) {
        last = undefined;
        continue;
      }
      const reach = 0.25 + z * 0.012;
      const slopeX = (height(x + reach, z) - level) / reach;
      const slopeZ = (height(x, z + reach) - level) / reach;
      const length = Math.sqrt(1 + slopeX * slopeX + slopeZ * slopeZ);
      ground.x = x;
      ground.z = z;
      ground.height = level;
      ground.facing = (-slopeX * sunSide * 0.85 + slopeZ * 0.25 + 0.35) / length;
      ground.slope = 1 - 1 / length;
      const fade = 1 - 2 ** (-z / clear);
      const bare = colour(ground);
      const seen: Rgb = [
        lerp(bare[0], light.haze[0], fade),
        lerp(bare[1], light.haze[1], fade),
        lerp(bare[2], light.haze[2], fade),
      ];
      const below = last ?? seen;
      const first = Math.max(0, Math.floor(top));
      const end = Math.min(tall, Math.ceil(floor));
      const span = Math.max(1, floor - top);
      for (let y = first; y < end; y++) {
        const share = Math.min(1, Math.max(0, (y - top) / span));
        const cover = y < top ? 1 - (top - y) : 1;
        const at = (y * width + column) * 3;
        for (let channel = 0; channel < 3; channel++) {
          const value = (seen[channel] ?? 0) + ((below[channel] ?? 0) - (seen[channel] ?? 0)) * share;
          const under = data[at + channel] ?? 0;
          data[at + channel] = under + (value - under) * cover;
        }
      }
      floor = top;
      last = seen;
    }
  }
}
