import type { Canvas } from './canvas.ts';
import type { Rgb } from './colour.ts';
import type { Light } from './light.ts';
import type { Random } from './random.ts';

/** What a motif needs: an empty canvas, the light, and random numbers. */
export interface Scene {
  canvas: Canvas;
  light: Light;
  random: Random;
  /** Two colours of the place: rock, sand, water, leaves… The motif decides what they are used for. */
  palette: readonly [Rgb, Rgb];
  /** The seed for the shape of the place, which is the same for all pictures of a series. */
  place: number;
  /** The amount of clouds, mist or snow, from 0 to 1. */
  weather: number;
}

/** Paints a subject on the canvas. */
export type Motif = (scene: Scene) => void;
