import { createHash } from 'node:crypto';

/**
 * Names inside the cache directory. No part of a name ever comes from outside unchanged: an actor id that could mean something to
 * a file system is replaced by its hash, and file names are made of digests.
 */
export const MANIFEST_FILE = 'manifest.json';
export const IMAGES_DIR = 'images';
export const JOURNAL_DIR = 'journal';
export const VARIANTS_DIR = 'variants';
export const QUARANTINE_DIR = 'quarantine';
export const TMP_DIR = 'tmp';
export const CACHE_ID_FILE = 'CACHE_ID';
/** What was served, in steps of five minutes. */
export const HISTORY_FILE = 'history.ndjson';
/** Which images left the cache, and why. */
export const DEPARTURES_FILE = 'departures.ndjson';
/** Images that were not there while the cache was offline, a line each, as the command `warm` reads them. */
export const MISSED_FILE = 'missed.txt';
/** Marks a directory as a cache, so that backup programs leave it out: https://bford.info/cachedir/ */
export const TAG_FILE = 'CACHEDIR.TAG';

const PLAIN_ACTOR_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Device names that exist in every directory on Windows. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|com\d|lpt\d)$/i;

/** SHA-256 as hex. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The folder of an actor's images: its id, or a hash of it. */
export function actorFolder(actorId: string): string {
  const plain = PLAIN_ACTOR_ID.test(actorId) && !DEVICE_NAME.test(actorId);
  return plain ? actorId : `actor-${sha256(actorId).slice(0, 24)}`;
}

/** `images/<actor>/<actor>_<key16>_<sha32>.<ext>`: the name tells the image and the actor, without any manifest. */
export function imagePath(image: { actorId: string; key: string; sha256: string; extension: string }): string {
  const folder = actorFolder(image.actorId);
  const name = `${folder}_${keyDigest(image.key)}_${image.sha256.slice(0, 32)}.${image.extension}`;
  return `${IMAGES_DIR}/${folder}/${name}`;
}

/** The part of a file name that stands for the canonical URL. */
export function keyDigest(key: string): string {
  return sha256(key).slice(0, 16);
}

const IMAGE_PATH = /^images\/([A-Za-z0-9_-]{1,64})\/\1_([0-9a-f]{16})_([0-9a-f]{32})\.[a-z0-9]{2,5}$/;

/** The parts of the path of an image. */
export interface ImageName {
  /** The folder of the actor. */
  folder: string;
  keyDigest: string;
  /** The first half of the SHA-256 of the bytes. */
  contentDigest: string;
}

/** Parses the path of an image inside the cache directory; `undefined` if it does not have our form. */
export function parseImagePath(path: string): ImageName | undefined {
  const [, folder, key, content] = IMAGE_PATH.exec(path) ?? [];
  if (folder === undefined || key === undefined || content === undefined) return undefined;
  return { folder, keyDigest: key, contentDigest: content };
}

/** The part of a `local_path` inside the cache directory; `undefined` if it does not have our form. */
export function insidePath(localPath: string): string | undefined {
  const start = localPath.startsWith(`${IMAGES_DIR}/`) ? 0 : localPath.lastIndexOf(`/${IMAGES_DIR}/`) + 1;
  const inside = localPath.slice(start);
  return IMAGE_PATH.test(inside) ? inside : undefined;
}

/** The content of CACHE_ID: the id, and the inode of the directory for which it was created. */
export const CACHE_ID_FORM = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\n(\d+)\n$/;

/** The set of processes in which the id is unique (absent in earlier versions), the process id, and a unique text. */
export const TEMPORARY_NAME = /^(?:([0-9a-f]{8})-)?(\d+)-([0-9a-f-]{36})\.part$/;
/** A folder of `variants/`: the SHA-256 of the original. */
export const VARIANTS_FOLDER = /^[0-9a-f]{64}$/;
/** A file in such a folder: the spec, the first half of the SHA-256 of its bytes, and its extension. */
export const VARIANT_NAME = /^([a-z0-9-]{1,80})_([0-9a-f]{32})\.([a-z]{3,8})$/;
/** A folder of `images/`: an actor. */
export const ACTOR_FOLDER = /^[A-Za-z0-9_-]{1,64}$/;
export const GENERATION_NAME = /^(\d{10})\.(log|snap)$/;
/** A file in quarantine: the time, and its former path. */
export const QUARANTINED_NAME =
  /^\d{14}-(?:manifest\.json|journal-\d{10}\.(?:log|snap)|images-.+_[0-9a-f]{16}_[0-9a-f]{32}\.[a-z0-9]{2,5})$/;

const TOP_FILES = new Set([MANIFEST_FILE, CACHE_ID_FILE, TAG_FILE, HISTORY_FILE, DEPARTURES_FILE, MISSED_FILE]);
const TOP_FOLDERS = new Set(['images', 'variants', 'journal', 'quarantine', 'tmp']);
/** The lock of proper-lockfile, which is a directory. */
const LOCK = 'journal/compact.lock';

/**
 * True if a file of ours may have this path inside the cache directory. Only such files are ever removed or put aside: we did not
 * write any other. `manifest.json` is also recognized by its content (see `ensureOwnDirectory`).
 */
export function isOwnFile(path: string): boolean {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  if (parts.length === 0) return TEMPORARY_NAME.test(name) || TOP_FILES.has(name);
  if (!isOwnFolder(parts.join('/'))) return false;
  if (TEMPORARY_NAME.test(name)) return true;
  const [top, inner, ...deeper] = parts;
  if (deeper.length > 0) return false;
  if (top === 'images') return parseImagePath(path) !== undefined;
  if (top === 'variants') return inner !== undefined && VARIANT_NAME.test(name);
  if (top === 'journal') return GENERATION_NAME.test(name);
  return top === 'quarantine' && QUARANTINED_NAME.test(name);
}

/** True if a folder of ours may have this path inside the cache directory. */
export function isOwnFolder(path: string): boolean {
  const [top = '', inner, ...deeper] = path.split('/');
  if (!TOP_FOLDERS.has(top) || deeper.length > 0) return false;
  if (inner === undefined || path === LOCK) return true;
  if (top === 'images') return ACTOR_FOLDER.test(inner);
  return top === 'variants' && VARIANTS_FOLDER.test(inner);
}
