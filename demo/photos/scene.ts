import type { Canvas } from './canvas.ts';
import type { Rgb } from './colour.ts';
import type { Light } from './light.ts';
import type { Random } from './random.ts';

/** What a motif is given: a blank canvas, the light of the moment, and chance. */
export interface Scene {
  canvas: Canvas;
  light: Light;
  random: Random;
  /** The place's own colours: rock, sand, water, leaves… what they mean is up to the motif. */
  palette: readonly [Rgb, Rgb];
  /** The same for all pictures of a series: the shape of the place. */
  place: number;
  /** How much cloud, mist or snow there is, 0 to 1. */
  weather: number;
}

/** Paints a subject on the canvas. */
export type Motif = (scene: Scene) => void;
