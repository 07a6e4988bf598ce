import type { Bytes } from './bytes.ts';
import { hasPicture } from './hasPicture.ts';
import { NotRemovable } from './notRemovable.ts';
import type { Strip } from './rebuildExif.ts';
import { type Family, sniff } from './sniff.ts';
import { stripGif } from './stripGif.ts';
import { stripHeif } from './stripHeif.ts';
import { stripJpeg } from './stripJpeg.ts';
import { stripJxl } from './stripJxl.ts';
import { stripPng } from './stripPng.ts';
import { stripWebp } from './stripWebp.ts';

export type Stripped =
  | {
      bytes: Bytes;
      /** Otherwise `bytes` are those that were given. */
      changed: boolean;
    }
  | {
      /** Why it cannot be proved that no location is left, in words for the user. */
      blocked: string;
    };

const STRIPPERS: Readonly<Record<Family, (bytes: Bytes, strip: Strip) => Bytes>> = {
  jpeg: stripJpeg,
  png: stripPng,
  gif: stripGif,
  webp: stripWebp,
  heif: stripHeif,
  jxl: stripJxl,
  // It has no metadata.
  bmp: (bytes) => bytes,
  ico(bytes) {
    // Its pictures may be PNGs.
    if (/eXIf|[itz]TXt/.test(new TextDecoder('latin1').decode(bytes)))
      throw new NotRemovable('it is an icon with metadata');
    return bytes;
  },
  tiff: () => {
    throw new NotRemovable('a TIFF can hold it in many forms: save it as a JPEG or a PNG');
  },
};

/**
 * Removes the location (`gps`), or everything but orientation and colours (`all`), without touching a pixel: nothing is
 * decoded. Orientation, colour profile and animation stay. Of metadata with a form of its own (XMP, IPTC, text, comments,
 * makers' notes) nothing is kept in either case, since there is no end to the ways in which it can name a place, nor is anything
 * behind the end of the picture. Idempotent, so that the same picture has the same id. Never throws, and takes linear time.
 */
export function stripPrivate(bytes: Bytes, strip: Strip): Stripped {
  const sniffed = sniff(bytes);
  if (sniffed === undefined) return { blocked: 'The file is not an image.' };
  try {
    const result = STRIPPERS[sniffed.family](bytes, strip);
    // What is kept takes the place of what was picked: it must not be an empty shell.
    if (!hasPicture(result, sniffed.family)) throw new NotRemovable('no picture is found in it');
    return { bytes: result, changed: result !== bytes };
  } catch (error) {
    // All others are reads beyond the end of a file that contradicts itself.
    const why = error instanceof NotRemovable ? error.message : 'it is damaged';
    return { blocked: `The location could not be removed from this picture: ${why}.` };
  }
}
