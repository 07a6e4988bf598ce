/** Describes one type of image. Everything that differs by type, and is not code, is in this list. */
interface Format {
  /** Formats of one family have one inspector (`images/families.ts`). */
  family: string;
  /** File extensions, without the dot. Files get the first one; file names that already have one of the others keep it. */
  extensions: readonly [string, ...string[]];
  /** Every browser shows it while it arrives, so it is sent on while it is downloaded. Not for types that may contain scripts. */
  isStreamed?: true;
  /** `sharp` decodes it on every platform. Not for SVG, which needs no variants because it scales by itself. */
  isDecoded?: true;
  /**
   * `images: { store: 'webp' }` may make it smaller. All other types are small already (WebP, AVIF, HEIC, JPEG XL), contain more
   * than one picture (TIFF, ICO), or no pixels (SVG).
   */
  isCompressed?: true;
}

/** Every type of image that can be cached. The bytes are checked in the order of `images/families.ts`, not in this one. */
export const FORMATS = {
  'image/jpeg': {
    family: 'jpeg',
    extensions: ['jpg', 'jpeg', 'jpe', 'jfif'],
    isStreamed: true,
    isDecoded: true,
    isCompressed: true,
  },
  'image/png': { family: 'png', extensions: ['png', 'apng'], isStreamed: true, isDecoded: true, isCompressed: true },
  'image/gif': { family: 'gif', extensions: ['gif'], isStreamed: true, isDecoded: true, isCompressed: true },
  'image/webp': { family: 'webp', extensions: ['webp'], isStreamed: true, isDecoded: true },
  'image/avif': { family: 'heif', extensions: ['avif', 'avifs'], isStreamed: true, isDecoded: true },
  'image/heic': { family: 'heif', extensions: ['heic', 'heif', 'hif'] },
  'image/heic-sequence': { family: 'heif', extensions: ['heics', 'heic'] },
  'image/heif': { family: 'heif', extensions: ['heif', 'heic', 'hif'] },
  'image/heif-sequence': { family: 'heif', extensions: ['heifs', 'heif'] },
  'image/jxl': { family: 'jxl', extensions: ['jxl'] },
  'image/tiff': { family: 'tiff', extensions: ['tif', 'tiff'], isDecoded: true },
  'image/bmp': { family: 'bmp', extensions: ['bmp', 'dib'] },
  'image/x-icon': { family: 'ico', extensions: ['ico', 'cur'] },
  'image/svg+xml': { family: 'svg', extensions: ['svg'] },
} as const satisfies Record<string, Format>;

export type ContentType = keyof typeof FORMATS;
/** A group of formats that are read by one inspector. */
export type Family = (typeof FORMATS)[ContentType]['family'];

/** The description of a type; `undefined` for a type that cannot be cached. */
export function formatOf(contentType: string): Format | undefined {
  return isContentType(contentType) ? FORMATS[contentType] : undefined;
}

function isContentType(text: string): text is ContentType {
  return Object.hasOwn(FORMATS, text);
}

/** The names that `format=` accepts. Each is the second half of a content type. */
export const VARIANT_FORMATS = ['avif', 'webp', 'jpeg', 'png'] as const;
/** The formats that `format=auto` may choose if the browser accepts them, the best first. */
export const AUTO_FORMATS = ['avif', 'webp'] as const satisfies readonly (typeof VARIANT_FORMATS)[number][];
