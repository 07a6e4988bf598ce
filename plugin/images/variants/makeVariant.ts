import { type MadeVariant, VARIANT_TYPES, type VariantExtension, type VariantSpec } from '../../cache/index.ts';
import { ImageCacheError } from '../../errors.ts';
import type { ImageInfo } from '../imageInfo.ts';
import { boxSize } from './boxSize.ts';
import { canHold, describeLimit, variantSize } from './formatLimits.ts';
import { MAX_PIXELS } from './pixelLimit.ts';
import type { Sharp } from './sharpLibrary.ts';

type Pipeline = ReturnType<Sharp>;

/** The most seconds for one picture, many times more than the largest ones need. */
export const TIMEOUT_S = 30;

/** Options for decoding. As much as possible of a damaged or cut picture is decoded, as in browsers. */
export const DECODE = { limitInputPixels: MAX_PIXELS, failOn: 'none' } as const;

/** The effort is low if a higher one takes many times as long for a few percent, because a client waits for the variant. */
const ENCODERS: Record<VariantExtension, (image: Pipeline, quality: number) => Pipeline> = {
  // A quality of 50 in AVIF looks like 75 in other formats.
  avif: (image, quality) => image.avif({ quality: Math.max(1, Math.round((quality * 2) / 3)), effort: 0 }),
  webp: (image, quality) => image.webp({ quality, effort: 2 }),
  // With mozjpeg, sharp encodes progressive JPEGs only.
  jpg: (image, quality) => image.flatten({ background: '#fff' }).jpeg({ quality, mozjpeg: true }),
  png: (image) => image.png({ compressionLevel: 9 }),
  gif: (image) => image.gif(),
};

/**
 * Makes the picture in another size or format: upright, in sRGB, without metadata (such as the place of a photograph), and never
 * enlarged. `undefined` if the original is better: if the variant would not be smaller, would not be animated any more, or would
 * lose colours; and, if no format was requested by name, if it is too long for all suitable formats.
 * @throws ImageCacheError TOO_MANY_PIXELS if it is too long for the format that was requested by name
 */
export async function makeVariant(
  sharp: Sharp,
  original: Uint8Array,
  info: ImageInfo,
  spec: VariantSpec,
): Promise<MadeVariant | undefined> {
  const { animated = false, hasOwnColours = false, width = 0, height = 0 } = info;
  if (hasOwnColours && spec.negotiated) return undefined;
  const extension = await fittingExtension(sharp, original, info, spec);
  if (extension === undefined) return undefined;

  const resized = upright(sharp(original, { ...DECODE, animated }), info).resize({
    ...boxSize(spec, { width, height }),
    fit: spec.fit,
    withoutEnlargement: true,
    background: { r: 255, g: 255, b: 255, alpha: 0 },
  });
  const bytes = await ENCODERS[extension](resized, spec.quality).timeout({ seconds: TIMEOUT_S }).toBuffer();

  const wouldDo = spec.fit === 'inside' && (spec.negotiated || VARIANT_TYPES[extension] === info.contentType);
  if (wouldDo && bytes.length >= original.length) return undefined;
  return { bytes, extension };
}

/** Applies the orientation as browsers do: they ignore the EXIF orientation of a WebP. */
export function upright(image: Pipeline, { contentType }: ImageInfo): Pipeline {
  return contentType === 'image/webp' ? image : image.autoOrient();
}

/** The wanted format; but the original's format if the wanted one is only from `Accept` and the variant is too large for it. */
async function fittingExtension(
  sharp: Sharp,
  original: Uint8Array,
  info: ImageInfo,
  spec: VariantSpec,
): Promise<VariantExtension | undefined> {
  const { width = 0, height = 0 } = info;
  const size = variantSize(spec, { width, height });
  const extensionOf = (wanted: VariantSpec) =>
    info.animated === true ? animatedExtension(info, wanted) : stillExtension(sharp, original, info, wanted);
  const extension = await extensionOf(spec);
  if (extension === undefined || canHold(extension, size)) return extension;
  if (!spec.negotiated) {
    throw new ImageCacheError('TOO_MANY_PIXELS', describeLimit(extension, size), {
      hint: 'Request a smaller w or h, another format, or format=auto.',
    });
  }
  const own = await extensionOf({ ...spec, format: undefined });
  const isSmaller = size.width < width || size.height < height;
  return own !== undefined && isSmaller && canHold(own, size) ? own : undefined;
}

/** The format for an animated variant. Only GIF and WebP can be: sharp reads only the first frame of an animated PNG or AVIF. */
function animatedExtension({ contentType }: ImageInfo, { format }: VariantSpec): VariantExtension | undefined {
  const isReadWhole = contentType === 'image/gif' || contentType === 'image/webp';
  if (!isReadWhole || format === 'jpeg' || format === 'png') return undefined;
  return format === undefined && contentType === 'image/gif' ? 'gif' : 'webp';
}

async function stillExtension(
  sharp: Sharp,
  original: Uint8Array,
  { contentType }: ImageInfo,
  { format }: VariantSpec,
): Promise<VariantExtension> {
  if (format !== undefined) return format === 'jpeg' ? 'jpg' : format;
  const own = EXTENSIONS.find((extension) => VARIANT_TYPES[extension] === contentType);
  if (own !== undefined) return own;
  const { hasAlpha } = await sharp(original, DECODE).metadata(); // TIFF, which hardly any browser shows
  return hasAlpha ? 'png' : 'jpg';
}

const EXTENSIONS = Object.keys(VARIANT_TYPES) as VariantExtension[]; // its own keys, and no others
