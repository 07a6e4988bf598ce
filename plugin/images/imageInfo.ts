import type { ContentType } from '../formats.ts';

/** Facts about an image, from its bytes. */
export interface ImageInfo {
  contentType: ContentType;
  /** File extension, without the dot. */
  extension: string;
  /** Pixels as browsers show them, as `height`: EXIF orientation (JPEG, PNG, TIFF) and `irot` (AVIF, HEIC) are applied. */
  width?: number;
  height?: number;
  /** True if it has more than one frame. */
  animated?: boolean;
  /** True if its colours are not sRGB, and this is not said by a profile, but by chunks of PNG (`cICP`, `gAMA`, `cHRM`). */
  hasOwnColours?: boolean;
}

/** Width and height as shown. EXIF orientations 5 to 8 include a quarter turn (EXIF 2.32, 4.6.4.A). */
export function orientedSize(width: number, height: number, orientation: number): { width: number; height: number } {
  return orientation >= 5 && orientation <= 8 ? { width: height, height: width } : { width, height };
}
