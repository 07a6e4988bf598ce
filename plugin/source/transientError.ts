import { ImageCacheError } from '../errors.ts';
import type { ItemError } from '../protocol.ts';

/** A fault of the origin or the network after which another attempt may succeed. */
export class TransientError extends ImageCacheError {
  override toItem(): ItemError {
    return { ...super.toItem(), transient: true };
  }
}

/**
 * Whether another attempt can help. A timeout is not retried: its limit is the longest that the caller should have to wait (T34,
 * T35), and three attempts would take three times as long.
 */
export function isTransient(error: unknown): error is TransientError {
  return error instanceof TransientError;
}
