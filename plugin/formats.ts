/** What is said of one type of image. All that differs by type, and is not code, is said here. */
interface Format {
  /** Formats of one family have one inspector (`images/families.ts`). */
  family: string;
  /** Of files, without the dot: the first is the one that is given; with the others a name may stay as it is. */
  extensions: readonly [string, ...string[]];
  /** Every browser shows it, part by part: it is sent on while it arrives. Not what may hold scripts. */
  isStreamed?: true;
  /** `sharp` decodes it wherever it runs. Not SVG, which scales by itself. */
  isDecoded?: true;
  /**
   * `images: { store: 'webp' }` may make it smaller. All others are small already (WebP, AVIF, HEIC, JPEG XL), or more than one picture
   * (TIFF, ICO), or none of pixels (SVG).
   */
  isCompressed?: true;
}

/** Every type of image that can be cached. Bytes are held against the families in this order; the last is text. */
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
/** Formats that are read by one inspector. */
export type Family = (typeof FORMATS)[ContentType]['family'];

/** What is said of a type; `undefined` for one that cannot be cached. */
export function formatOf(contentType: string): Format | undefined {
  return isContentType(contentType) ? FORMATS[contentType] : undefined;
}

function isContentType(text: string): text is ContentType {
  return Object.hasOwn(FORMATS, text);
}

/** What `format=` may ask for by name; each is the rest of a content type. */
export const VARIANT_FORMATS = ['avif', 'webp', 'jpeg', 'png'] as const;
/** What `format=auto` may choose when a browser takes it, the best first. */
export const AUTO_FORMATS = ['avif', 'webp'] as const satisfies readonly (typeof VARIANT_FORMATS)[number][];
