import { type ContentType, FORMATS } from '../formats.ts';
import { orientedSize, type ImageInfo } from './imageInfo.ts';

/** What a look at the bytes has found so far. */
export interface Facts {
  /** `undefined` until the walk knows it. */
  contentType: ContentType | undefined;
  /** Pixels as stored; `undefined` where the file does not say. */
  width: number | undefined;
  height: number | undefined;
  /** 1 to 8, as in EXIF; 1 for upright. */
  orientation: number;
  frames: number;
  /** A browser begins to show it here: its size is known, and its first pixels are in sight. */
  isRecognized: boolean;
  /** See `ImageInfo`. */
  hasOwnColours: boolean;
}

/**
 * Looks through the bytes from the first one to the last one that matters, and notes what it finds on the way.
 * @throws ImageCacheError UPSTREAM_TRUNCATED or NOT_AN_IMAGE where the structure does not prove that all of it is there;
 * what has been noted by then stays noted
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
