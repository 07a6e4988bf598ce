import type { Bytes } from './bytes.ts';
import { isAnimated } from './isAnimated.ts';
import { isCut } from './isCut.ts';
import { reencode, type ReencodeOptions } from './reencode.ts';
import type { Strip } from './rebuildExif.ts';
import { sha256Hex } from './sha256Hex.ts';
import { type Family, sniff, type Sniffed } from './sniff.ts';
import { stripPrivate } from './stripPrivate.ts';

/** What is done to a picture before it is sent. */
export interface PrepareOptions extends ReencodeOptions {
  /**
   * What is removed, without touching a pixel: `gps`, where it was taken, and with it what may name a place in a form of its own (XMP,
   * IPTC, texts, makers' notes, thumbnails, second pictures, gain maps of JPEGs, videos), so that an app does not learn from the XMP any more
   * that a picture is a panorama; of EXIF, camera, dates, settings, author and copyright stay. `all`, everything but orientation and
   * colours; `none`, nothing. @default 'gps'
   */
  strip?: Strip | 'none' | undefined;
}

export interface PreparedImage {
  /** What is sent. */
  bytes: Bytes;
  /** Otherwise `bytes` are those that were given. */
  changed: boolean;
  type: string;
  ext: string;
  /** Of `bytes`, in lower-case hexadecimal. */
  sha256: string;
  /** What the user should know; the picture can be sent. */
  warnings: readonly PrepareWarning[];
}

export interface PrepareWarning {
  code: 'CUT_IMAGE' | 'HEIC_NOT_SHOWN' | 'NOT_REENCODED';
  message: string;
}

export interface PrepareBlocked {
  /** Why the location cannot be removed, in words for the user, who may send the picture as it is (`strip: 'none'`). */
  blocked: string;
}

export type Prepared = PreparedImage | PrepareBlocked;

/** What a canvas may make anew. The others are not pictures that a browser decodes, or are icons of several sizes. */
const DRAWN: ReadonlySet<Family> = new Set(['jpeg', 'png', 'gif', 'webp', 'heif', 'bmp']);

/**
 * Makes of a picture what is sent of it. The location is removed without loss; only when `maxEdge` or `format` asks for it is the
 * picture drawn anew, and never one that moves. What a browser cannot decode is sent as it is, with a warning. Never rejects because of
 * what the bytes are.
 *
 * @example
 * const prepared = await prepare(bytes, { strip: 'gps' });
 * if ('blocked' in prepared) ask(prepared.blocked);
 */
export async function prepare(raw: Bytes, options: PrepareOptions = {}): Promise<Prepared> {
  const { strip = 'gps' } = options;
  const sniffed = sniff(raw);
  if (sniffed === undefined) return { blocked: 'The file is not an image that can be uploaded.' };
  const warnings = isCut(raw, sniffed.family) ? [CUT_IMAGE] : [];
  let bytes: Bytes | undefined;
  try {
    bytes = await drawAnew(raw, sniffed, options);
  } catch {
    warnings.push(NOT_REENCODED);
  }
  if (bytes === undefined) {
    const stripped = strip === 'none' ? { bytes: raw } : stripPrivate(raw, strip);
    if ('blocked' in stripped) return stripped;
    bytes = stripped.bytes;
  }
  const { type, ext } = sniff(bytes) ?? sniffed;
  if (type === 'image/heic') warnings.push(HEIC_NOT_SHOWN);
  return { bytes, changed: bytes !== raw, type, ext, sha256: await sha256Hex(bytes), warnings };
}

/** `undefined` when nothing asks for it. A canvas has no metadata, so that nothing need be removed from what it makes. */
async function drawAnew(raw: Bytes, { type, family }: Sniffed, options: ReencodeOptions): Promise<Bytes | undefined> {
  const { maxEdge, format = 'keep' } = options;
  if ((maxEdge === undefined && format === 'keep') || !DRAWN.has(family) || isAnimated(raw, family)) return undefined;
  return (await reencode(new Blob([raw], { type }), options))?.bytes;
}

const CUT_IMAGE: PrepareWarning = {
  code: 'CUT_IMAGE',
  message: 'The end of this picture is missing. It is sent as it is: look at whether a better copy of it exists.',
};

const NOT_REENCODED: PrepareWarning = {
  code: 'NOT_REENCODED',
  message: 'This browser could not make the picture smaller or convert it. It is sent in its own size and format.',
};

const HEIC_NOT_SHOWN: PrepareWarning = {
  code: 'HEIC_NOT_SHOWN',
  message:
    'This is a HEIC, which only Safari shows. Save it as a JPEG to have it seen everywhere; ' +
    'on an iPhone, Settings > Camera > Formats > Most Compatible makes the camera do so.',
};
