import type { ManifestEntry } from '../../protocol.ts';
import type { VariantExtension, VariantSpec } from './variantSpec.ts';

export interface MadeVariant {
  bytes: Buffer;
  extension: VariantExtension;
}

/** Decodes and encodes pictures. It is injected, because the cache itself cannot do that. */
export interface VariantMaker {
  /** False when the image library is not installed. */
  isAvailable(): Promise<boolean>;
  /**
   * Says without decoding why nothing can be made of an image: its format is always served as it is (SVG), or it has more pixels
   * than are decoded. `undefined` when it has to be tried.
   */
  obstacle(image: Pick<ManifestEntry, 'content_type' | 'width' | 'height'>): 'format' | 'pixels' | undefined;
  /**
   * Makes a variant of the image. Returns `undefined` when the original is the better answer; that includes every image of which
   * nothing can be made, if no format was requested by name.
   * @throws ImageCacheError TOO_MANY_PIXELS or UNDECODABLE
   */
  make(original: Uint8Array, spec: VariantSpec): Promise<MadeVariant | undefined>;
  /** False for images that are always stored as they came, e.g. WebP. */
  canCompress(contentType: string): boolean;
  /**
   * Returns the same picture in fewer bytes, or `undefined` when the original is the better one.
   * @throws ImageCacheError as {@link VariantMaker.make}
   */
  compress(original: Uint8Array): Promise<Buffer | undefined>;
  /**
   * Makes a thumbhash, as base64.
   * @throws ImageCacheError as {@link VariantMaker.make}
   */
  placeholder(original: Uint8Array): Promise<string>;
}
