import sharp from 'sharp';
import { photo } from '../helpers/pictures.ts';
import type { Bench } from './bench.ts';
import { type Findings, amount } from './report.ts';
import { measureInRounds } from './rounds.ts';

const QUALITY = 75;
const WIDTHS = [640, 1920] as const;
const ENCODERS = {
  baseline: { quality: QUALITY },
  progressive: { quality: QUALITY, progressive: true },
  'ours: mozjpeg, which is progressive': { quality: QUALITY, mozjpeg: true },
} as const;
type Encoder = keyof typeof ENCODERS;

/** What it costs to encode a photograph as JPEG, in processor time and in bytes. */
export async function benchJpeg({ quick }: Bench): Promise<Findings> {
  const names = Object.keys(ENCODERS) as Encoder[]; // its own keys, and no others
  const rows: string[][] = [];
  for (const width of WIDTHS) {
    const height = Math.round((width * 2) / 3);
    const pixels = await photo(width, height).raw().toBuffer({ resolveWithObject: true });
    const encode = (name: Encoder) => sharp(pixels.data, { raw: pixels.info }).jpeg(ENCODERS[name]).toBuffer();
    const measure = async (name: Encoder) => {
      const before = process.cpuUsage();
      const { length } = await encode(name);
      const { user, system } = process.cpuUsage(before);
      return { cpuMs: (user + system) / 1000, bytes: length };
    };
    for (const name of names) await measure(name); // warms up
    const results = await measureInRounds(
      quick ? 3 : 30,
      names.map((name) => ({ name, measure: () => measure(name) })),
    );
    for (const name of names) {
      const time = results.median(name, ({ cpuMs }) => cpuMs) ?? Number.NaN;
      const times = results.ratio(name, 'baseline', ({ cpuMs }) => cpuMs) ?? Number.NaN;
      const size = results.ratio(name, 'baseline', ({ bytes }) => bytes) ?? Number.NaN;
      rows.push([`${width} × ${height}, ${name}`, amount(time), `${amount(times)} ×`, `${amount(size)} ×`]);
    }
  }
  const title = `A photograph as JPEG of quality ${QUALITY}: processor time, medians of turns`;
  return { skipped: [], checks: [], tables: [{ title, head: ['', 'ms', 'time', 'bytes'], rows }] };
}
