import type { VariantMaker, VariantSpec } from '../../cache/index.ts';
import { ImageCacheError } from '../../errors.ts';
import { formatOf } from '../../formats.ts';
import type { ErrorCode } from '../../protocol.ts';
import { inspectImage } from '../inspect.ts';
import { makePlaceholder } from '../placeholder.ts';
import { canCompress, compressImage, type PngCompression } from './compressImage.ts';
import { makeVariant } from './makeVariant.ts';
import { ensureDecodable, isDecodable, tooManyPixels } from './pixelLimit.ts';
import { type SharpImporter, sharpLibrary } from './sharpLibrary.ts';

export interface VariantMakerOptions {
  /** Imports sharp. @default the package that is installed next to this one */
  importer?: SharpImporter;
  /** How originals that are PNGs are compressed. @default 'lossless' */
  png?: PngCompression;
}

/** Creates the maker of variants and placeholders, which also compresses originals. It needs sharp. */
export function createVariantMaker({ importer, png = 'lossless' }: VariantMakerOptions = {}): VariantMaker {
  const library = sharpLibrary(importer);

  async function open(original: Uint8Array) {
    const info = inspectImage(original, 'announced'); // a stored original is complete
    ensureDecodable(info);
    const sharp = await library();
    if (sharp === undefined) throw new ImageCacheError('SHARP_MISSING', 'sharp is not installed.');
    return { sharp, info };
  }

  async function make(original: Uint8Array, spec: VariantSpec) {
    const { sharp, info } = await open(original);
    return makeVariant(sharp, original, info, spec).catch(refuse);
  }

  return {
    isAvailable: async () => (await library()) !== undefined,
    obstacle: (image) => {
      if (formatOf(image.content_type)?.isDecoded !== true) return 'format';
      return isDecodable(image) ? undefined : 'pixels';
    },
    make: (original, spec) =>
      make(original, spec).catch((error: unknown) => {
        // If no format was requested by name, the original is better than an error.
        if (spec.negotiated && error instanceof ImageCacheError && UNFIT.has(error.code)) return undefined;
        throw error;
      }),
    canCompress,
    compress: async (original) => {
      const { sharp, info } = await open(original);
      return compressImage(sharp, original, info, png).catch(refuse);
    },
    placeholder: async (original) => {
      const { sharp, info } = await open(original);
      return makePlaceholder(sharp, original, info).catch(refuse);
    },
  };
}

/** Codes which mean that no variant can be made of the image. */
const UNFIT: ReadonlySet<ErrorCode> = new Set(['TOO_MANY_PIXELS', 'UNDECODABLE']);

/** Converts an error of sharp by its message, because it has no code. */
function refuse(error: unknown): never {
  if (error instanceof ImageCacheError) throw error;
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('pixel limit')) throw tooManyPixels('All frames of the image together have too many pixels.');
  throw new ImageCacheError('UNDECODABLE', 'The image could not be decoded.', {
    cause: error,
    hint: 'It may be damaged: request the original, without w, h, fit, format and q, and look at it.',
  });
}
