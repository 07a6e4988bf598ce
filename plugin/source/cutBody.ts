import type { ImageCacheError } from '../errors.ts';
import { TransientError } from './transientError.ts';

/**
 * A body that ends in the middle of an image, although its length was not announced. Either the network has cut it, or the object
 * itself is incomplete: if it ends at the same byte again, the origin has no more.
 */
export class CutBody extends TransientError {
  /** The error of the inspection of the bytes. */
  readonly finding: ImageCacheError;
  /** Bytes that arrived. */
  readonly at: number;

  constructor(finding: ImageCacheError, at: number) {
    super(finding.code, finding.message, { hint: finding.hint, cause: finding });
    this.finding = finding;
    this.at = at;
  }
}
