import type { CacheTier, ManifestEntry } from '../../protocol.ts';
import type { CheckedFile } from '../store/imageStore.ts';

/** An image that was requested in another size or format: a variant, or the original instead. */
export interface SizedImage {
  /** The entry of the original. */
  entry: ManifestEntry;
  /** Empty if there is a `file`. */
  body: Buffer;
  /** Has the bytes; only for a requester that can have files sent. */
  file?: CheckedFile | undefined;
  /** SHA-256 of the bytes, hex. */
  digest: string;
  contentType: string;
  /** `s3`: the original had to be downloaded first. */
  tier: CacheTier;
  /**
   * `memory`, `disk` and `made` are variants. All other values say why the body is the original: it is the better answer
   * (`as-is`), it is too large to decode (`too-many-pixels`), no image library is installed (`no-maker`), or making a variant
   * failed this time (`not-made`).
   */
  origin: 'memory' | 'disk' | 'made' | 'as-is' | 'too-many-pixels' | 'no-maker' | 'not-made';
}
