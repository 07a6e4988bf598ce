import type { ManifestEntry } from '../../protocol.ts';
import type { VariantExtension, VariantSpec } from './variantSpec.ts';

export interface MadeVariant {
  bytes: Buffer;
  extension: VariantExtension;
}

/** Decodes and encodes pictures; injected, for the cache does not know how. */
export interface VariantMaker {
  /** False when what does the work is not installed. */
  isAvailable(): Promise<boolean>;
  /**
   * What tells already that nothing can be made of an image: its format, which is always served as it is (SVG), or more pixels than
   * are decoded. `undefined` when it has to be tried.
   */
  obstacle(image: Pick<ManifestEntry, 'content_type' | 'width' | 'height'>): 'format' | 'pixels' | undefined;
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
