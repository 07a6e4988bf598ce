import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { paintPhoto } from '../../../demo/photos/paint.ts';
import { photosOf, type Photo } from '../../../demo/photos/photo.ts';
import { SERIES } from '../../../demo/photos/series.ts';

/** One actor for each motif: painting all 1,000 takes a minute and a half. */
const ONE_OF_EACH_MOTIF = [...new Map(SERIES.map(({ paint }, index) => [paint.name, index])).entries()];

function photo(actorIndex: number, index: number): Photo {
  const found = photosOf(String(actorIndex + 1).padStart(4, '0'))[index];
  if (found === undefined) throw new Error('No such picture');
  return found;
}

describe.each(ONE_OF_EACH_MOTIF)('%s', (_, actorIndex) => {
  test('paints a JPEG of the announced size and of the weight of a photograph', async () => {
    const announced = photo(actorIndex, 5);
    const bytes = await paintPhoto(announced);
    const { format, width, height } = await sharp(bytes).metadata();
    expect({ format, width, height }).toEqual({ format: 'jpeg', width: announced.width, height: announced.height });
    expect(bytes.length).toBeGreaterThan(200_000);
    expect(bytes.length).toBeLessThan(380_000);
  });

  test('leaves no hole: hardly anything of it is plain black or white', async () => {
    const { data, info } = await sharp(await paintPhoto(photo(actorIndex, 6)))
      .resize(60, 60, { fit: 'fill' })
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const extreme = [...data].filter((value) => value < 2 || value > 253).length;
    expect(extreme / (info.width * info.height)).toBeLessThan(0.03);
  });
});

test('the same picture has the same bytes every time', async () => {
  const [first, second] = await Promise.all([paintPhoto(photo(2, 0)), paintPhoto(photo(2, 0))]);
  expect(Buffer.compare(first, second)).toBe(0);
});

test('a picture of no series is refused', async () => {
  await expect(paintPhoto({ ...photo(0, 0), actorId: '0041' })).rejects.toThrow(RangeError);
});
