import type { MadeVariant } from '../../cache/variants/variantMaker.ts';
import { VARIANT_TYPES, type VariantExtension, type VariantSpec } from '../../cache/variants/variantSpec.ts';
import type { ImageInfo } from '../imageInfo.ts';
import { boxSize } from './boxSize.ts';
import { MAX_PIXELS } from './pixelLimit.ts';
import type { Sharp } from './sharpLibrary.ts';

type Pipeline = ReturnType<Sharp>;

/** Seconds for one picture; many times what the largest take. */
export const TIMEOUT_S = 30;

/** For every picture that is decoded. A warning, e.g. of EXIF data out of order, is no reason to show nothing. */
export const DECODE = { limitInputPixels: MAX_PIXELS, failOn: 'error' } as const;

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
 * larger than it is. `undefined` when the original serves better: it would be no smaller, or would stand still.
 */
export async function makeVariant(
  sharp: Sharp,
  original: Uint8Array,
  info: ImageInfo,
  spec: VariantSpec,
): Promise<MadeVariant | undefined> {
  const animated = info.animated === true;
  const extension = animated ? animatedExtension(info, spec) : await stillExtension(sharp, original, info, spec);
  if (extension === undefined) return undefined;

  const upright = sharp(original, { ...DECODE, animated }).autoOrient();
  const { width = 0, height = 0 } = info;
  const resized = upright.resize({
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
