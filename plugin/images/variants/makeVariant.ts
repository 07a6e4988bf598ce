import { type MadeVariant, VARIANT_TYPES, type VariantExtension, type VariantSpec } from '../../cache/index.ts';
import { ImageCacheError } from '../../errors.ts';
import type { ImageInfo } from '../imageInfo.ts';
import { boxSize } from './boxSize.ts';
import { canHold, describeLimit, variantSize } from './formatLimits.ts';
import { MAX_PIXELS } from './pixelLimit.ts';
import type { Sharp } from './sharpLibrary.ts';

type Pipeline = ReturnType<Sharp>;

/** Seconds for one picture; many times what the largest take. */
export const TIMEOUT_S = 30;

/** For what is shown: of a picture that is damaged or cut, as much as can be decoded, as browsers do with the original. */
export const DECODE = { limitInputPixels: MAX_PIXELS, failOn: 'none' } as const;

/** Effort is low where more of it takes many times as long for a few percent: somebody is waiting. */
const ENCODERS: Record<VariantExtension, (image: Pipeline, quality: number) => Pipeline> = {
  // AVIF's numbers mean more: 50 looks like 75 elsewhere.
  avif: (image, quality) => image.avif({ quality: Math.max(1, Math.round((quality * 2) / 3)), effort: 0 }),
  webp: (image, quality) => image.webp({ quality, effort: 2 }),
  jpg: (image, quality) => image.flatten({ background: '#fff' }).jpeg({ quality, mozjpeg: true }),
  png: (image) => image.png({ compressionLevel: 9 }),
  gif: (image) => image.gif(),
};

/**
 * The picture in another size or format: upright, in sRGB, without metadata (a photograph's place among it), and never
 * larger than it is. `undefined` when the original serves better: it would be no smaller, would stand still, or has colours
 * that would get lost; and, if nobody asked for a format by name, when it is too long for all formats that would do.
 * @throws ImageCacheError TOO_MANY_PIXELS when it is too long for the format that was asked for
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

/** Turned as browsers turn it: they ignore the EXIF orientation of a WebP. */
export function upright(image: Pipeline, { contentType }: ImageInfo): Pipeline {
  return contentType === 'image/webp' ? image : image.autoOrient();
}

/** The wanted format, or that of the original where the wanted one was found by `Accept` and cannot hold the variant. */
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
      hint: 'Ask for a smaller w or h, for another format, or with format=auto.',
    });
  }
  const own = await extensionOf({ ...spec, format: undefined });
  const isSmaller = size.width < width || size.height < height;
  return own !== undefined && isSmaller && canHold(own, size) ? own : undefined;
}

/** Only these can move, and sharp reads only the first frame of an animated PNG or AVIF. */
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
