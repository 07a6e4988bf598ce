import type { CacheTier, ManifestEntry } from '../../protocol.ts';

/** An image that was asked for in another size or format: a variant, or the original in its place. */
export interface SizedImage {
  /** Of the original. */
  entry: ManifestEntry;
  body: Buffer;
  /** Of the bytes, hex. */
  digest: string;
  contentType: string;
  /** `s3`: the original had to be downloaded first. */
  tier: CacheTier;
  /**
   * `memory`, `disk` and `made` are variants. All others say why it is the original: it serves as well (`as-is`), it is not decoded
   * (`too-many-pixels`), nothing is there to make variants with (`no-maker`), or making one failed this time (`not-made`).
   */
  origin: 'memory' | 'disk' | 'made' | 'as-is' | 'too-many-pixels' | 'no-maker' | 'not-made';
}
