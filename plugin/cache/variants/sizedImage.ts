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
  /** `memory`, `disk` and `made` are variants; `as-is` and `no-maker` say why it is the original. */
  origin: 'memory' | 'disk' | 'made' | 'as-is' | 'no-maker';
}
