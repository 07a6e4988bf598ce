import type { MissReason, RemovalCause } from './inspectorProtocol.ts';
import type { ErrorCode, Urgency } from './protocol.ts';

/**
 * A download that has ended. It is published on the channel `vite-plugin-image-cache:download` of `node:diagnostics_channel`; nothing is
 * made without a subscriber. Contains no signed URL.
 */
export interface ImageDownload {
  /** Canonical and unsigned, as in the manifest. */
  s3_url: string;
  urgency: Urgency;
  /** `dropped`: it came, but the image had been invalidated or cleared meanwhile. */
  result: 'stored' | 'dropped' | 'failed';
  /** Bytes of the image; absent if the download failed. */
  size_bytes?: number;
  /** Why it failed; absent if it did not. */
  code?: ErrorCode;
  /** Milliseconds from its turn in the queue to its end. */
  duration_ms: number;
  /** How often S3 was asked. */
  attempts: number;
}

/**
 * Images that have left the cache together, whichever process removed them. It is published on the channel
 * `vite-plugin-image-cache:departure`.
 */
export interface ImageDeparture {
  reason: Exclude<MissReason, 'first_seen' | 'changed'>;
  /** The option that made them go. */
  cause?: RemovalCause;
  /** Milliseconds since the epoch. */
  removed_at?: number;
  /** Canonical and unsigned; some hundred at most, further ones follow in another message. */
  s3_urls: string[];
}
