import { type ContentType, FORMATS } from '../formats.ts';
import { orientedSize, type ImageInfo } from './imageInfo.ts';

/** What the inspection of the bytes has found so far. */
export interface Facts {
  /** `undefined` until the walk knows it. */
  contentType: ContentType | undefined;
  /** Pixels as stored, as `height`; `undefined` if the file does not say so. */
  width: number | undefined;
  height: number | undefined;
  /** From 1 to 8, as in EXIF; 1 is upright. */
  orientation: number;
  frames: number;
  /** True when enough was found for a browser to show something: the size, and the beginning of the pixels. */
  isRecognized: boolean;
  /** See `ImageInfo`. */
  hasOwnColours: boolean;
}

/**
 * Reads the bytes from the first one to the last one that matters, and stores what it finds in the facts.
 * @throws ImageCacheError UPSTREAM_TRUNCATED or NOT_AN_IMAGE if the structure does not prove that the image is complete. The facts
 * that were found until then are kept
 */
export type Walk = (bytes: Uint8Array, facts: Facts) => void;

export function createFacts(): Facts {
  return {
    contentType: undefined,
    width: undefined,
    height: undefined,
    orientation: 1,
    frames: 1,
    isRecognized: false,
    hasOwnColours: false,
  };
}

export function infoOf(
  contentType: ContentType,
  { width, height, orientation, frames, hasOwnColours }: Facts,
): ImageInfo {
  return {
    contentType,
    extension: FORMATS[contentType].extensions[0],
    ...(width !== undefined && height !== undefined && orientedSize(width, height, orientation)),
    ...(frames > 1 && { animated: true }),
    ...(hasOwnColours && { hasOwnColours }),
  };
}
