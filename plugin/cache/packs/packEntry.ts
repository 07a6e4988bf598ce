import { ImageCacheError } from '../../errors.ts';
import type { ImageMeta, ManifestEntry } from '../../protocol.ts';
import { redact } from '../../redact.ts';
import { actorFolder, imagePath, insidePath, keyDigest, parseImagePath } from '../files/layout.ts';
import type { ImageRef } from '../injected/source.ts';
import { actorIdProblem, parseActorId } from '../manifest/actorId.ts';
import { actorsOf, MAX_ACTORS, withActors } from '../manifest/manifestEntry.ts';
import { parseLine } from '../manifest/snapshotLine.ts';

/*
 * An image in the manifest of a pack. It has the form of an entry in `manifest.json`, so that an unpacked pack is a cache, and only
 * what is the same on every machine:
 *
 * - No times: when it was cached and used is a matter of the machine. `validated_at` is 0, which means that this cache has never
 *   asked S3 about these bytes, so that the first revalidation does, without a condition.
 * - No ETag and no digest of the original of a compressed image. Both are what S3 has said about bytes, and a pack cannot prove it.
 * - No pins, which are wishes of a machine, and no thumbhashes, which are made when a server is idle, and so sooner or later.
 */

/** A name to show is cut to this length, as that of a prefetch. */
const MAX_FILENAME_LENGTH = 1024;

/**
 * An entry as it is in a pack; `undefined` for one that has no place in it: its name is not that of its object and its bytes, or its
 * URL has something that looks like a signature. Both only happen if a manifest was edited, or is very old.
 * @param actorId the only actor of the pack: the image is filed under it, and others that use it are not named
 */
export function toPackEntry(entry: ManifestEntry, actorId?: string): ManifestEntry | undefined {
  const { s3_url, size_bytes, filename, sha256, content_type, width, height, meta } = entry;
  const path = insidePath(entry.local_path) ?? '';
  const [first = entry.actor_id, ...others] = actorId === undefined ? actorsOf(entry) : [actorId];
  if (!isNamedAfter(path, { key: s3_url, sha256, actorId: entry.actor_id }) || redact(s3_url) !== s3_url)
    return undefined;
  const extension = path.slice(path.lastIndexOf('.') + 1);
  const packed: ManifestEntry = {
    s3_url,
    local_path: imagePath({ actorId: first, key: s3_url, sha256, extension }),
    cached_at: 0,
    validated_at: 0,
    size_bytes,
    actor_id: first,
    filename: redact(filename),
    etag: '',
    sha256,
    content_type,
    ...(width !== undefined && height !== undefined && { width, height }),
    last_used_at: 0,
    ...(meta !== undefined && { meta }),
  };
  return withActors(packed, [first, ...others.toSorted()]);
}

/** What the manifest of a pack says of an image. Nothing of it is believed yet. */
export interface PackedImage {
  /** Inside the cache directory, and of our form. */
  path: string;
  s3_url: string;
  sha256: string;
  size: number;
  /** The first one is the one that it is filed under. */
  actors: readonly string[];
  filename: string;
  etag: string;
  meta: ImageMeta | undefined;
}

/** Reads a line of the manifest; `undefined` if it describes no image. Fields of newer versions are ignored. */
export function parsePackLine(line: string): PackedImage | undefined {
  const entry = parseLine(line);
  const path = entry === undefined ? undefined : insidePath(entry.local_path);
  if (entry === undefined || path === undefined) return undefined;
  const { s3_url, sha256, size_bytes: size, actor_id, actor_ids = [], filename, etag, meta } = entry;
  const actors = [actor_id, ...actor_ids.filter((actor) => actor !== actor_id)].slice(0, MAX_ACTORS);
  return { path, s3_url, sha256, size, actors, filename, etag, meta };
}

/**
 * Checks that an image is one that this cache could have fetched by itself.
 * @param identify finds the object of a URL among the listed buckets
 * @returns the object, with the name to show
 * @throws ImageCacheError INVALID_URL, INVALID_URL_SCHEME, HOST_NOT_ALLOWED, INVALID_PATH, INVALID_ACTOR_ID
 */
export function checkPackedImage<Ref extends ImageRef>(image: PackedImage, identify: (url: string) => Ref): Ref {
  const { path, s3_url, sha256, actors, filename } = image;
  const ref = identify(s3_url);
  if (ref.key !== s3_url) {
    throw new ImageCacheError(
      'INVALID_URL',
      'The URL of an image in a pack is signed, or not written as the cache writes it.',
      {
        hint: 'A pack of `image-cache export` has the canonical URL of each object, which has no signature.',
      },
    );
  }
  for (const actor of actors) parseActorId(actor);
  if (!isNamedAfter(path, { key: s3_url, sha256, actorId: actors[0] ?? '' })) {
    throw new ImageCacheError(
      'INVALID_PATH',
      'The name of the file is not that of its object, its actor and its bytes.',
    );
  }
  return { ...ref, filename: isShowable(filename) ? filename : ref.filename };
}

/** Whether a path is the one that the cache gives to these bytes of this object. */
function isNamedAfter(
  path: string,
  { key, sha256, actorId }: { key: string; sha256: string; actorId: string },
): boolean {
  const name = parseImagePath(path);
  if (name === undefined || actorIdProblem(actorId) !== undefined) return false;
  return (
    name.folder === actorFolder(actorId) && name.keyDigest === keyDigest(key) && sha256.startsWith(name.contentDigest)
  );
}

function isShowable(filename: string): boolean {
  return !filename.includes('\0') && filename.length <= MAX_FILENAME_LENGTH && redact(filename) === filename;
}

/** An ETag that is proven by the bytes: S3's is their MD5, unless they were uploaded in parts or encrypted by KMS. */
export function provenEtag(etag: string, md5: string): string {
  return etag === `"${md5}"` ? etag : '';
}
