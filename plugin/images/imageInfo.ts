import type { ContentType } from '../formats.ts';

/** What the bytes of an image say about it. */
export interface ImageInfo {
  contentType: ContentType;
  /** Without the dot. */
  extension: string;
  /** Pixels as browsers show them: EXIF orientation (JPEG, PNG, TIFF) and `irot` (AVIF, HEIC) are applied. */
  width?: number;
  height?: number;
  /** More than one frame. */
  animated?: boolean;
  /** Its colours are not those of sRGB, and what says so only this format has (PNG: `cICP`, `gAMA`, `cHRM`), not a profile. */
  hasOwnColours?: boolean;
}

/** Width and height as shown. EXIF orientations 5 to 8 turn the picture by a quarter (EXIF 2.32, 4.6.4.A). */
export function orientedSize(width: number, height: number, orientation: number): { width: number; height: number } {
  return orientation >= 5 && orientation <= 8 ? { width: height, height: width } : { width, height };
}
