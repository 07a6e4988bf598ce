import { Canvas } from './canvas.ts';
import { develop } from './develop.ts';
import { lightAt } from './light.ts';
import { chanceOf, type Photo } from './photo.ts';
import { between } from './random.ts';
import { SERIES } from './series.ts';

/**
 * Paints a photograph and returns it as a JPEG: the same bytes every time for the same picture.
 * @throws RangeError if there is no such actor
 */
export async function paintPhoto({ actorId, index, width, height }: Photo): Promise<Uint8Array> {
  const series = SERIES[Number(actorId) - 1];
  if (series === undefined) throw new RangeError(`There is no actor ${actorId}`);
  const random = chanceOf(actorId, index);
  random(); // the first number was used for the format
  // The cover has the best light, about the middle of the day. The other pictures continue from there, and around the day.
  const time = ((index / 25 + 0.45) % 1) + between(random, -0.015, 0.015);
  const canvas = new Canvas(width, height);
  series.paint({
    canvas,
    random,
    light: lightAt(series.day, Math.min(1, Math.max(0, time)), series.tint),
    palette: series.palette,
    place: Number(actorId) * 131,
    weather: random(),
  });
  return await develop(canvas, Number(actorId) * 100 + index);
}
