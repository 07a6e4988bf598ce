import type { ManifestEntry } from '../../protocol.ts';
import type { WrittenBlob } from '../files/blobWriter.ts';
import { imagePath } from '../files/layout.ts';
import type { InspectedImage } from '../injected/inspector.ts';

export interface NewImage {
  key: string;
  filename: string;
  actorId: string;
  etag: string;
  blob: WrittenBlob;
  image: InspectedImage;
  /** Milliseconds since the epoch. */
  at: number;
}

/** Creates the entry of an image that was just downloaded. */
export function newEntry({ key, filename, actorId, etag, blob, image, at }: NewImage): ManifestEntry {
  const { contentType, extension, width, height } = image;
  return {
    s3_url: key,
    local_path: imagePath({ actorId, key, sha256: blob.sha256, extension }),
    cached_at: at,
    size_bytes: blob.size,
    actor_id: actorId,
    filename,
    etag,
    sha256: blob.sha256,
    content_type: contentType,
    ...(width !== undefined && height !== undefined && { width, height }),
    last_used_at: at,
  };
}
