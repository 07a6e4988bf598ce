import type { RemovalCause } from '../../inspectorProtocol.ts';
import type { ImageMeta, ManifestEntry } from '../../protocol.ts';

/** A change of the manifest. Each change is complete, so that applying it twice has no further effect. */
export type ManifestChange =
  | { op: 'put'; entry: ManifestEntry }
  /** Registers a file without an entry. An entry that was put earlier stays. */
  | { op: 'adopt'; entry: ManifestEntry }
  /** Adds an actor to the image. */
  | { op: 'claim'; key: string; actor: string }
  /** The origin confirmed that the image with this digest is current, and sent its ETag. */
  | { op: 'validate'; key: string; sha256: string; etag: string; at: number }
  /** The image changed at the origin: this entry replaces the one with that digest, for all of its actors, if it is still there. */
  | { op: 'replace'; entry: ManifestEntry; sha256: string }
  /** Sets thumbhashes that were made of images with these digests. */
  | { op: 'placeholder'; images: readonly { key: string; sha256: string; placeholder: string }[] }
  /** Sets the app's own fields of an image; `{}` for none. */
  | { op: 'meta'; key: string; meta: ImageMeta }
  /**
   * Removes images. After an invalidation, files older than `at` (milliseconds since the epoch) are not adopted. Versions that do not know
   * the `cause` ignore it.
   */
  | {
      op: 'delete';
      keys: readonly string[];
      reason: 'invalidated' | 'evicted' | 'missing';
      at?: number;
      cause?: RemovalCause | undefined;
    }
  /** Removes all images, or those that only this actor uses. `at` is as for `delete`. */
  | { op: 'clear'; actor?: string; at?: number }
  /** Pins one image, or all images that the actor has now and later: they are never evicted. */
  | { op: 'pin'; target: PinTarget; pinned: boolean }
  /** Notes that images were served. `ages` has the milliseconds between each use and `at`. */
  | { op: 'use'; keys: readonly string[]; ages?: readonly number[]; at: number };

export type PinTarget = { key: string } | { actor: string };

/** A change as it is written. The id lets a writer recognize its own records when it reads them back. */
export type JournalRecord = ManifestChange & {
  id: string;
  /** Position in the log up to which the writer had read. A later record about the same image cancels the change. */
  read?: number;
};
