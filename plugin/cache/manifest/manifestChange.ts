import type { ImageMeta, ManifestEntry } from '../../protocol.ts';

/** A change of the manifest. Each carries all it needs, so that applying one twice changes nothing. */
export type ManifestChange =
  | { op: 'put'; entry: ManifestEntry }
  /** A file that lay there without an entry; a `put` that came before it stays. */
  | { op: 'adopt'; entry: ManifestEntry }
  /** One more actor uses the image. */
  | { op: 'claim'; key: string; actor: string }
  /** The origin said that the object is still the one with this digest, and what its ETag is. */
  | { op: 'validate'; key: string; sha256: string; etag: string; at: number }
  /** The object changed: this takes the place of the entry with that digest, for all who use it, if it is still there. */
  | { op: 'replace'; entry: ManifestEntry; sha256: string }
  /** Thumbhashes that were made of images with these digests. */
  | { op: 'placeholder'; images: readonly { key: string; sha256: string; placeholder: string }[] }
  /** The app's own fields of an image; `{}` for none. */
  | { op: 'meta'; key: string; meta: ImageMeta }
  /** `at`, in milliseconds since the epoch: files that are older are not adopted afterwards. */
  | { op: 'delete'; keys: readonly string[]; reason: 'invalidated' | 'evicted' | 'missing'; at?: number }
  /** Every image, or those that only this actor uses. */
  | { op: 'clear'; actor?: string; at?: number }
  /** Never to be evicted: one image, or all that the actor has and will have. */
  | { op: 'pin'; target: PinTarget; pinned: boolean }
  /** These were served so many milliseconds before this time. */
  | { op: 'use'; keys: readonly string[]; ages?: readonly number[]; at: number };

export type PinTarget = { key: string } | { actor: string };

/** A change as it is written; the id lets a writer know its own when it reads them back. */
export type JournalRecord = ManifestChange & {
  id: string;
  /** For a change that depends on nothing having happened to its image: the bytes of its log that the writer had read. */
  read?: number;
};
