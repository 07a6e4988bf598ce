import { hex, lerp, mix, shift, type Rgb } from './colour.ts';

/** The sky and the sun at one moment. Every motif takes its colours from here. */
export interface Light {
  zenith: Rgb;
  middle: Rgb;
  horizon: Rgb;
  /** The colour of distant things. */
  haze: Rgb;
  /** The colour of the light in the sun. */
  key: Rgb;
  /** The colour of the light in the shade. */
  shade: Rgb;
  sun: Rgb;
  /** How strongly the sun glows, 0 (covered) to 1. */
  glow: number;
  /** The height of the sun above the horizon as a share of the sky; below 0 after sunset. */
  height: number;
  /** How dark it is, from 0 to 1, for stars and lit windows. */
  night: number;
}

const MOMENTS = {
  dawn: moment('#46527f', '#b88ba6', '#ffd2b0', '#e3bcbc', '#ffc8a6', '#454a70', '#ffdcae', 0.8, 0.05, 0),
  morning: moment('#6794c6', '#abcbe4', '#fbead4', '#d9e2e8', '#fff0d8', '#4f6880', '#fff3d4', 0.7, 0.3, 0),
  noon: moment('#3d7cc0', '#83b3df', '#d8eaf3', '#c6dae8', '#ffffff', '#526c86', '#ffffff', 0.35, 0.8, 0),
  overcast: moment('#8996a3', '#b0bac2', '#d8dcdd', '#c6cdd1', '#e4e7ea', '#606b75', '#f1f1ee', 0.15, 0.4, 0),
  gold: moment('#5b80ab', '#dab98e', '#ffdc94', '#f1cb98', '#ffd08a', '#62505c', '#fff0bc', 1, 0.14, 0),
  sunset: moment('#34437a', '#c96a80', '#ff9f60', '#db927c', '#ff9f66', '#40345a', '#ffcf8a', 1, 0.03, 0),
  dusk: moment('#222e5e', '#705f9a', '#eba3a4', '#9280aa', '#cfa0bc', '#2a2f57', '#ffb9a0', 0.45, -0.06, 0.25),
  blue: moment('#1a2f60', '#3f639a', '#a3bcd6', '#6484ae', '#a3c0e2', '#1e2f55', '#b8d0ec', 0.3, -0.12, 0.6),
  night: moment('#0a1430', '#1b3158', '#48668f', '#35507c', '#a9c0e6', '#111c36', '#eef2fc', 0.5, 0.62, 1),
} as const;

export type Moment = keyof typeof MOMENTS;

/**
 * The light at `time` (0 to 1) of a day that passes through `moments`, one after the other.
 * `tint` moves every colour in OKLab, so that places differ.
 */
export function lightAt(moments: readonly Moment[], time: number, tint: Rgb): Light {
  const at = time * (moments.length - 1);
  const index = Math.min(Math.floor(at), moments.length - 2);
  const from = MOMENTS[moments[index] ?? 'noon'];
  const to = MOMENTS[moments[index + 1] ?? moments[index] ?? 'noon'];
  const share = at - index;
  const colour = (a: Rgb, b: Rgb) => shift(mix(a, b, share), tint);
  return {
    zenith: colour(from.zenith, to.zenith),
    middle: colour(from.middle, to.middle),
    horizon: colour(from.horizon, to.horizon),
    haze: colour(from.haze, to.haze),
    key: mix(from.key, to.key, share),
    shade: colour(from.shade, to.shade),
    sun: mix(from.sun, to.sun, share),
    glow: lerp(from.glow, to.glow, share),
    height: lerp(from.height, to.height, share),
    night: lerp(from.night, to.night, share),
  };
}

function moment(
  zenith: string,
  middle: string,
  horizon: string,
  haze: string,
  key: string,
  shade: string,
  sun: string,
  glow: number,
  height: number,
  night: number,
): Light {
  return {
    zenith: hex(zenith),
    middle: hex(middle),
    horizon: hex(horizon),
    haze: hex(haze),
    key: hex(key),
    shade: hex(shade),
    sun: hex(sun),
    glow,
    height,
    night,
  };
}
