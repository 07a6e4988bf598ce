import { createRandom } from './random.ts';

/** The side of the tiles below. It is a power of two, so that a coordinate can be wrapped with a mask. */
const SIZE = 512;
const MASK = SIZE - 1;

/** A square of noise, from about 0 to 1, that repeats without a seam. */
export type NoiseTile = Float32Array;

/** For clouds, rock and water: octaves from a quarter of the tile down to four pixels. */
export const ROUGH: NoiseTile = fractal(11, [4, 8, 16, 32, 64, 128], 0.55);
/** For hills and dunes: only the low octaves. */
export const SMOOTH: NoiseTile = fractal(23, [4, 8, 16], 0.42);

/** The interpolated value of the tile at a point, in pixels of the tile. */
export function sample(tile: NoiseTile, x: number, y: number): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const fx = x - left;
  const fy = y - top;
  const x0 = left & MASK;
  const x1 = (left + 1) & MASK;
  const y0 = (top & MASK) * SIZE;
  const y1 = ((top + 1) & MASK) * SIZE;
  const a = tile[y0 + x0] ?? 0;
  const b = tile[y0 + x1] ?? 0;
  const c = tile[y1 + x0] ?? 0;
  const d = tile[y1 + x1] ?? 0;
  const upper = a + (b - a) * fx;
  return upper + (c + (d - c) * fx - upper) * fy;
}

/** Noise that is folded at its middle, from 0 to 1, which gives peaks and creases instead of blobs. */
export function ridged(tile: NoiseTile, x: number, y: number): number {
  return 1 - Math.abs(sample(tile, x, y) * 2 - 1);
}

/** A random line, from about -1 to 1: one-dimensional value noise, with `octaves` that are finer and weaker each time. */
export function line(seed: number, x: number, octaves: number, persistence = 0.5): number {
  let sum = 0;
  let weight = 1;
  let total = 0;
  let frequency = 1;
  for (let octave = 0; octave < octaves; octave++) {
    const at = x * frequency + octave * 17.3;
    const cell = Math.floor(at);
    const share = at - cell;
    const eased = share * share * share * (share * (share * 6 - 15) + 10);
    const from = hash(cell, seed + octave);
    sum += weight * (from + (hash(cell + 1, seed + octave) - from) * eased);
    total += weight;
    weight *= persistence;
    frequency *= 2;
  }
  return (sum / total) * 2 - 1;
}

function hash(x: number, seed: number): number {
  let mixed = Math.imul(x | 0, 0x27d4eb2d) ^ Math.imul(seed | 0, 0x165667b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000;
}

function fractal(seed: number, cells: readonly number[], persistence: number): NoiseTile {
  const random = createRandom(seed);
  const tile = new Float32Array(SIZE * SIZE);
  let weight = 1;
  for (const count of cells) {
    addOctave(tile, count, weight, Float32Array.from({ length: count * count }, random));
    weight *= persistence;
  }
  return normalise(tile);
}

function addOctave(tile: NoiseTile, count: number, weight: number, lattice: Float32Array): void {
  const step = SIZE / count;
  for (let y = 0; y < SIZE; y++) {
    const row = Math.floor(y / step);
    const fy = ease(y / step - row);
    const upper = row * count;
    const lower = ((row + 1) % count) * count;
    for (let x = 0; x < SIZE; x++) {
      const column = Math.floor(x / step);
      const next = (column + 1) % count;
      const fx = ease(x / step - column);
      const a = lattice[upper + column] ?? 0;
      const b = lattice[upper + next] ?? 0;
      const c = lattice[lower + column] ?? 0;
      const d = lattice[lower + next] ?? 0;
      const top = a + (b - a) * fx;
      const value = top + (c + (d - c) * fx - top) * fy;
      tile[y * SIZE + x] = (tile[y * SIZE + x] ?? 0) + weight * value;
    }
  }
}

function ease(share: number): number {
  return share * share * share * (share * (share * 6 - 15) + 10);
}

function normalise(tile: NoiseTile): NoiseTile {
  let low = Infinity;
  let high = -Infinity;
  for (const value of tile) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return tile.map((value) => (value - low) / (high - low));
}
