import type { VariantExtension, VariantSpec } from './variantSpec.ts';

export interface MadeVariant {
  bytes: Buffer;
  extension: VariantExtension;
}

/** Decodes and encodes pictures; injected, for the cache does not know how. */
export interface VariantMaker {
  /** False when what does the work is not installed. */
  isAvailable(): Promise<boolean>;
  /** False for images that are always served as they are, e.g. SVG. */
  supports(contentType: string): boolean;
  /**
   * A variant of the image, or `undefined` when the original serves better, which it does wherever nothing can be made of it
   * and no format was asked for by name.
   * @throws ImageCacheError TOO_MANY_PIXELS or UNDECODABLE
   */
  make(original: Uint8Array, spec: VariantSpec): Promise<MadeVariant | undefined>;
  /** False for images that are always stored as they came, e.g. WebP. */
  canCompress(contentType: string): boolean;
  /**
   * The same picture in fewer bytes, or `undefined` when the original serves better.
   * @throws ImageCacheError as {@link VariantMaker.make}
   */
  compress(original: Uint8Array): Promise<Buffer | undefined>;
  /**
   * A thumbhash, base64.
   * @throws ImageCacheError as {@link VariantMaker.make}
   */
  placeholder(original: Uint8Array): Promise<string>;
}
