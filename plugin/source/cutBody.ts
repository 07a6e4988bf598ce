import type { ImageCacheError } from '../errors.ts';
import { TransientError } from './transientError.ts';

/**
 * A body that ends in the middle of an image, though nothing says that it was cut. The network may be to blame, or the
 * object itself: when it ends at the same byte again, that is what the origin has.
 */
export class CutBody extends TransientError {
  /** What the look at the bytes found. */
  readonly finding: ImageCacheError;
  /** Bytes that came. */
  readonly at: number;

  constructor(finding: ImageCacheError, at: number) {
    super(finding.code, finding.message, { hint: finding.hint, cause: finding });
    this.finding = finding;
    this.at = at;
  }
}
