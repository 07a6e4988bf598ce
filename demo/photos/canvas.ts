import { clamp, mix, type Rgb } from './colour.ts';

/** A picture that is being painted. It has three floats per pixel, so that glow and mist can be added without banding. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Float32Array(width * height * 3);
  }

  set(x: number, y: number, red: number, green: number, blue: number): void {
    const at = (y * this.width + x) * 3;
    this.data[at] = red;
    this.data[at + 1] = green;
    this.data[at + 2] = blue;
  }

  /** Paints a colour over a pixel; with `share` 1 it covers the old one. */
  blend(x: number, y: number, colour: Rgb, share: number): void {
    const at = (y * this.width + x) * 3;
    const { data } = this;
    data[at] = (data[at] ?? 0) + (colour[0] - (data[at] ?? 0)) * share;
    data[at + 1] = (data[at + 1] ?? 0) + (colour[1] - (data[at + 1] ?? 0)) * share;
    data[at + 2] = (data[at + 2] ?? 0) + (colour[2] - (data[at + 2] ?? 0)) * share;
  }

  /** Adds light to a pixel, like a second exposure ("screen"). */
  expose(x: number, y: number, colour: Rgb, strength: number): void {
    const at = (y * this.width + x) * 3;
    const { data } = this;
    data[at] = 1 - (1 - (data[at] ?? 0)) * (1 - colour[0] * strength);
    data[at + 1] = 1 - (1 - (data[at + 1] ?? 0)) * (1 - colour[1] * strength);
    data[at + 2] = 1 - (1 - (data[at + 2] ?? 0)) * (1 - colour[2] * strength);
  }

  /** Paints a soft round light. */
  glow(centreX: number, centreY: number, radius: number, colour: Rgb, strength: number): void {
    const top = Math.max(0, Math.floor(centreY - radius));
    const bottom = Math.min(this.height - 1, Math.ceil(centreY + radius));
    const left = Math.max(0, Math.floor(centreX - radius));
    const right = Math.min(this.width - 1, Math.ceil(centreX + radius));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const near = 1 - ((x - centreX) ** 2 + (y - centreY) ** 2) / (radius * radius);
        if (near > 0) this.expose(x, y, colour, near * near * near * strength);
      }
    }
  }
}

/** 256 colours from stop to stop, mixed in OKLab. Read it with {@link ramp}. */
export function gradient(stops: readonly (readonly [at: number, colour: Rgb])[]): Float32Array {
  const table = new Float32Array(256 * 3);
  for (let index = 0; index < 256; index++) {
    table.set(colourAt(stops, index / 255), index * 3);
  }
  return table;
}

/** The index of the colour at `share` in a {@link gradient}. */
export function ramp(share: number): number {
  return Math.round(clamp(share) * 255) * 3;
}

function colourAt(stops: readonly (readonly [at: number, colour: Rgb])[], position: number): Rgb {
  const next = stops.findIndex(([at]) => at >= position);
  const to = stops[next] ?? stops.at(-1);
  const from = stops[next - 1] ?? to;
  if (from === undefined || to === undefined) return [0, 0, 0];
  return from === to ? to[1] : mix(from[1], to[1], (position - from[0]) / (to[0] - from[0]));
}
