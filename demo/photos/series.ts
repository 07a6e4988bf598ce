import { hex, type Rgb } from './colour.ts';
import type { Moment } from './light.ts';
import { paintAurora } from './motifs/aurora.ts';
import { paintBokeh } from './motifs/bokeh.ts';
import { paintCanyon } from './motifs/canyon.ts';
import { paintCity } from './motifs/city.ts';
import { paintCloudSea } from './motifs/cloudsea.ts';
import { paintCoast } from './motifs/coast.ts';
import { paintDunes } from './motifs/dunes.ts';
import { paintForest } from './motifs/forest.ts';
import { paintLake } from './motifs/lake.ts';
import { paintMeadow } from './motifs/meadow.ts';
import { paintRidges } from './motifs/ridges.ts';
import { paintSea } from './motifs/sea.ts';
import { paintSnow } from './motifs/snow.ts';
import type { Motif } from './scene.ts';

/** One actor of the demo: a place, seen in the light of a day. */
export interface Series {
  name: string;
  /** A description for people who cannot see the picture. */
  subject: string;
  paint: Motif;
  /** The moments of the day from the first picture to the last. */
  day: readonly Moment[];
  /** Moves every colour in OKLab. */
  tint: Rgb;
  /** Two colours of the place: rock, sand and shade, water, leaves… The motif decides what they are used for. */
  palette: readonly [Rgb, Rgb];
}

const WHOLE_DAY: readonly Moment[] = ['dawn', 'morning', 'noon', 'gold', 'sunset', 'dusk', 'blue'];
const MORNING: readonly Moment[] = ['blue', 'dawn', 'dawn', 'morning', 'overcast', 'morning'];
const EVENING: readonly Moment[] = ['gold', 'gold', 'sunset', 'sunset', 'dusk', 'blue', 'night'];
const DAYLIGHT: readonly Moment[] = ['dawn', 'morning', 'noon', 'noon', 'overcast', 'gold', 'sunset'];
const NIGHT: readonly Moment[] = ['dusk', 'blue', 'night', 'night', 'night', 'blue', 'dawn'];

/** The 40 series; the actor `0001` is the first. */
export const SERIES: readonly Series[] = [
  series('Saltmarsh Ridge', 'Misty mountain ridges', paintRidges, MORNING, [0, 0.008, -0.004], '#4b6472', '#3d4d66'),
  series('Amber Erg', 'Sand dunes', paintDunes, WHOLE_DAY, [0, 0.006, 0.014], '#e9b478', '#b5734a'),
  series(
    'Northern Quiet',
    'Northern lights over a lake',
    paintAurora,
    NIGHT,
    [0, -0.004, -0.006],
    '#4dffb0',
    '#7a5cff',
  ),
  series('Lagoon Notes', 'A shore from above', paintCoast, DAYLIGHT, [0, 0, 0], '#3fc0c4', '#f0d9b5'),
  series('Harbour Lights', 'A skyline across the water', paintCity, EVENING, [0, 0.008, -0.01], '#3a4668', '#28406a'),
  series('Lavender Rows', 'Fields in rows', paintMeadow, WHOLE_DAY, [0.01, 0.01, -0.006], '#a58ad6', '#7f8a52'),
  series('Fir and Fog', 'Firs in fog', paintForest, MORNING, [0, -0.012, 0.002], '#37564c', '#2f4a4a'),
  series(
    'Above the Weather',
    'A sea of clouds from above',
    paintCloudSea,
    WHOLE_DAY,
    [0.02, 0.006, 0],
    '#fff1e6',
    '#8ea2c8',
  ),
  series('Mirror Tarn', 'A mountain lake', paintLake, WHOLE_DAY, [0, -0.004, -0.012], '#5b6d84', '#3c5a63'),
  series('Red Mesa', 'Table mountains', paintCanyon, DAYLIGHT, [0, 0.012, 0.012], '#e58f62', '#a4503a'),
  series('First Snow', 'Snowy fields', paintSnow, MORNING, [0.015, 0, -0.01], '#f4f7ff', '#3a4f5c'),
  series('West Swell', 'The sea to the horizon', paintSea, EVENING, [0, 0.01, 0.002], '#1f4f6b', '#12314d'),
  series('Seedheads', 'Grass against soft light', paintBokeh, EVENING, [0.01, 0.004, 0.02], '#f2c56b', '#5a6b34'),
  series('Blue Hour Range', 'Misty mountain ridges', paintRidges, EVENING, [0, 0.006, -0.022], '#3c4a78', '#54507c'),
  series('Jade Shallows', 'A shore from above', paintCoast, WHOLE_DAY, [0, -0.006, 0], '#63cdb4', '#efdcb6'),
  series('Pale Erg', 'Sand dunes', paintDunes, MORNING, [0.02, 0.008, -0.002], '#efd6c0', '#b99487'),
  series(
    'Green Aurora',
    'Northern lights over a lake',
    paintAurora,
    NIGHT,
    [0.01, -0.016, 0.006],
    '#a8ff6b',
    '#2fd4c0',
  ),
  series('Tea Terraces', 'Fields in rows', paintMeadow, MORNING, [0, -0.016, 0.014], '#86b455', '#55713c'),
  series('Glass Fjord', 'A mountain lake', paintLake, NIGHT, [0.02, -0.006, -0.012], '#4f6680', '#2b4858'),
  series('Cinder Coast', 'A shore from above', paintCoast, EVENING, [0, 0.004, -0.008], '#4a7ea8', '#7d7a80'),
  series(
    'Old Town Water',
    'A skyline across the water',
    paintCity,
    WHOLE_DAY,
    [0.01, 0.014, 0.01],
    '#6d4e52',
    '#4a4f68',
  ),
  series('Birch Winter', 'Snowy fields', paintSnow, WHOLE_DAY, [0.015, 0.014, -0.006], '#fff2f4', '#4a4860'),
  series('Copper Canyon', 'Table mountains', paintCanyon, EVENING, [0, 0.018, 0.004], '#d77f5c', '#8a4a4c'),
  series('Slow Horizon', 'The sea to the horizon', paintSea, MORNING, [0.02, 0.004, -0.006], '#5f8ea0', '#3a667c'),
  series(
    'Cumulus Plain',
    'A sea of clouds from above',
    paintCloudSea,
    EVENING,
    [0.01, 0.016, -0.004],
    '#ffe4dc',
    '#7a78b4',
  ),
  series('Moss Valley', 'Misty mountain ridges', paintRidges, DAYLIGHT, [0, -0.02, 0.016], '#56703f', '#3f5f4c'),
  series('Spruce Dusk', 'Firs in fog', paintForest, EVENING, [0, 0.012, -0.008], '#4a4460', '#30405c'),
  series('Dew', 'Grass against soft light', paintBokeh, MORNING, [0.015, -0.016, 0.004], '#a6dcb0', '#2f6a58'),
  series('Violet Sound', 'The sea to the horizon', paintSea, NIGHT, [0.02, 0.014, -0.018], '#3b3f74', '#232a56'),
  series('Rose Dunes', 'Sand dunes', paintDunes, EVENING, [0, 0.022, -0.002], '#e5a48e', '#8f5a68'),
  series('Wheat Light', 'Fields in rows', paintMeadow, EVENING, [0, 0.004, 0.022], '#e6c46a', '#a2823e'),
  series('Icefield', 'Snowy fields', paintSnow, NIGHT, [0.03, -0.008, -0.014], '#e8f6ff', '#2b4a66'),
  series(
    'Violet Aurora',
    'Northern lights over a lake',
    paintAurora,
    NIGHT,
    [0.01, 0.016, -0.016],
    '#6bd6ff',
    '#ff5cc8',
  ),
  series('Larch Lake', 'A mountain lake', paintLake, EVENING, [0, 0.01, 0.012], '#7c6450', '#6b5a3a'),
  series('Atoll', 'A shore from above', paintCoast, DAYLIGHT, [0.015, -0.004, -0.01], '#4aa8e0', '#fbe8cf'),
  series('Cedar Rain', 'Firs in fog', paintForest, DAYLIGHT, [-0.01, -0.018, 0.008], '#3f5a34', '#34502f'),
  series('Night Ferry', 'A skyline across the water', paintCity, NIGHT, [0.01, -0.008, -0.012], '#24405a', '#1a3450'),
  series('White Desert', 'Table mountains', paintCanyon, MORNING, [0.02, 0.002, 0.006], '#f0e0c8', '#b59c86'),
  series('Ember Grass', 'Grass against soft light', paintBokeh, DAYLIGHT, [0, 0.018, 0.012], '#f08a5c', '#7a3f3c'),
  series(
    'High Cirrus',
    'A sea of clouds from above',
    paintCloudSea,
    MORNING,
    [0.01, -0.006, -0.014],
    '#eef6ff',
    '#6f94bc',
  ),
];

function series(
  name: string,
  subject: string,
  paint: Motif,
  day: readonly Moment[],
  tint: Rgb,
  first: string,
  second: string,
): Series {
  return { name, subject, paint, day, tint, palette: [hex(first), hex(second)] };
}
