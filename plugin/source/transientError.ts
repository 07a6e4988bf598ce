import { ImageCacheError } from '../errors.ts';
import type { ItemError } from '../protocol.ts';

/** A fault of the origin or the network that may well be gone at the next attempt. */
export class TransientError extends ImageCacheError {
  override toItem(): ItemError {
    return { ...super.toItem(), transient: true };
  }
}

/**
 * Whether trying again can help. A timeout is none of them: its limit is what the caller was promised to wait at
 * most (T34, T35), and three of them in a row would be three times that.
 */
export function isTransient(error: unknown): error is TransientError {
  return error instanceof TransientError;
}
