import sharp from 'sharp';
import { type ImageReport, WITH_PICTURE } from './page/report.ts';
import type { Aspect, Scene } from './page/scene.ts';
import type { Observation } from './runSide.ts';

/** Something that is another than with an `<img>`. */
export interface Difference {
  aspect: Aspect;
  what: string;
}

/** Aspects that must be equal. */
const EQUAL = [
  'box',
  'parent',
  'complete',
  'size',
  'source',
  'alt',
  'name',
  'attributes',
  'atMount',
  'decode',
] as const satisfies readonly (Aspect & keyof ImageReport)[];

/** Of 255, in one of the channels of a pixel. */
const COLOUR_TOLERANCE = 8;

/** What is other than with the `<img>`, but for the pixels. */
export function compare(scene: Scene, plain: Observation, ours: Observation): Difference[] {
  const { isStill, unsteady = [], ahead = [] } = scene;
  const labels = [...new Set([...Object.keys(plain.images), ...Object.keys(ours.images)])];
  const differences = labels.flatMap((label) => {
    const all = compareImage(label, plain.images[label], ours.images[label]);
    return ahead.includes(Number(label)) ? all.filter(({ aspect }) => aspect === 'box' || aspect === 'parent') : all;
  });
  const isDue = (_: number, n: number): boolean => !ahead.includes(n);
  const [expected, requests] = [plain.requests.filter(isDue), ours.requests.filter(isDue)];
  if (String(expected) !== String(requests)) differences.push(differ('requests', 'S3', expected, requests));
  if (isStill && ours.shift > 0) {
    differences.push(differ('shift', 'the page', plain.shift.toFixed(3), ours.shift.toFixed(3)));
  }
  return differences.filter(({ aspect }) => !unsteady.includes(aspect));
}

function compareImage(label: string, plain: ImageReport | undefined, ours: ImageReport | undefined): Difference[] {
  if (!plain || !ours) {
    return [differ('box', label, plain ? 'an image' : 'no image', ours ? 'an image' : 'no image')];
  }
  const differences: Difference[] = EQUAL.filter((aspect) => plain[aspect] !== ours[aspect]).map((aspect) =>
    differ(aspect, label, plain[aspect], ours[aspect]),
  );
  if (String(plain.events) !== String(ours.events)) {
    differences.push(differ('events', label, plain.events.join(', '), ours.events.join(', ')));
  }
  const unseen = ours.frames.filter((frame) => !isAmong(frame, plain.frames));
  if (unseen.length > 0) differences.push(differ('frames', label, plain.frames.join(' → '), ours.frames.join(' → ')));
  return differences;
}

/** Whether the `<img>` was painted so; or might have been, in the moment when only the first bytes of its picture were there. */
function isAmong(frame: string, frames: readonly string[]): boolean {
  return frames.includes(frame) || frames.includes(`${frame}${WITH_PICTURE}`);
}

/** Of two screenshots. */
export async function comparePixels(plain: Buffer, ours: Buffer): Promise<Difference[]> {
  if (plain.equals(ours)) return [];
  const [a, b] = await Promise.all(
    [plain, ours].map((png) => sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true })),
  );
  if (!a || !b || a.info.width !== b.info.width || a.info.height !== b.info.height) {
    return [differ('pixels', 'the screen', `${a?.info.width}×${a?.info.height}`, `${b?.info.width}×${b?.info.height}`)];
  }
  let count = 0;
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let at = 0; at < a.data.length; at += a.info.channels) {
    if (!isOther(a.data, b.data, at, a.info.channels)) continue;
    count += 1;
    const pixel = at / a.info.channels;
    const [x, y] = [pixel % a.info.width, Math.floor(pixel / a.info.width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  }
  if (count === 0) return [];
  return [{ aspect: 'pixels', what: `pixels: ${count} others, between ${left},${top} and ${right},${bottom}` }];
}

function isOther(a: Buffer, b: Buffer, at: number, channels: number): boolean {
  for (let channel = at; channel < at + channels; channel++) {
    if (Math.abs((a[channel] ?? 0) - (b[channel] ?? 0)) > COLOUR_TOLERANCE) return true;
  }
  return false;
}

function differ(aspect: Aspect, of: string, plain: unknown, ours: unknown): Difference {
  return { aspect, what: `${aspect} of ${of}: <img> ${String(plain)}; ours ${String(ours)}` };
}
