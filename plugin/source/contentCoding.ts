import { pipeline, Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ImageCacheError } from '../errors.ts';

type Chunks = AsyncIterable<Uint8Array>;

/** Creates the decoder of a coding for a body with this beginning. */
type CreateDecoder = (beginning: Uint8Array) => Transform;

/** Codings within one another. There is no reason for more, and each of them may multiply the bytes by a thousand. */
const MAX_CODINGS = 3;
/** Enough bytes to recognise an image. */
const BEGINNING_BYTES = 64;

/** The codings that browsers decode (Fetch Standard, 2.2.5 "handle content codings"; RFC 9110, 8.4.1). */
const DECODERS: ReadonlyMap<string, CreateDecoder> = new Map<string, CreateDecoder>([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  ['br', () => zlib.createBrotliDecompress()],
  ['deflate', (beginning) => (hasZlibHeader(beginning) ? zlib.createInflate() : zlib.createInflateRaw())],
  // Since Node 22.15 and 23.8.
  ...('createZstdDecompress' in zlib ? ([['zstd', () => zlib.createZstdDecompress()]] as const) : []),
]);

/**
 * The codings of a `Content-Encoding`, the one that was applied last first. If one of them is unknown, such as `base64`, `UTF-8`,
 * `none` or `aws-chunked`, the result is empty: then the bytes are used as they are, as in browsers, and show whether they are an
 * image.
 * @throws ImageCacheError UNSUPPORTED_ENCODING for too many of them
 */
export function contentCodings(header: string | undefined): readonly string[] {
  const codings = (header ?? '').split(',').flatMap((coding) => coding.trim().toLowerCase() || []);
  if (!codings.every((coding) => DECODERS.has(coding))) return [];
  if (codings.length <= MAX_CODINGS) return codings.toReversed();
  throw new ImageCacheError('UNSUPPORTED_ENCODING', `The image is stored in ${codings.length} Content-Encodings.`, {
    hint: 'Images are compressed already: upload it without Content-Encoding.',
  });
}

export interface DecodingLimits {
  /** The most bytes that a decoder may yield; the rest is not decoded. */
  maxBytes: number;
  tooLarge: () => ImageCacheError;
  /** The error for coded bytes that end in the middle. */
  cut: () => ImageCacheError;
  /** Whether a body with this beginning is an image without a coding, whatever its headers say. */
  isImage: (beginning: Uint8Array) => boolean;
}

/**
 * Yields the decoded body piece by piece, as fast as it is consumed.
 * @throws ImageCacheError UNSUPPORTED_ENCODING for bytes that are not in the coding; the errors of the limits, and of `chunks`
 */
export async function* decodeBody(
  chunks: Chunks,
  codings: readonly string[],
  limits: DecodingLimits,
): AsyncGenerator<Uint8Array, void, void> {
  const body = await peek(chunks, BEGINNING_BYTES);
  if (limits.isImage(body.beginning)) {
    yield* body.chunks;
    return;
  }
  let decoded: Chunks = body.chunks;
  for (const coding of codings) decoded = undo(coding, decoded, limits);
  yield* decoded;
}

async function* undo(coding: string, coded: Chunks, limits: DecodingLimits): AsyncGenerator<Uint8Array, void, void> {
  const { beginning, chunks } = await peek(coded, 2);
  const decoder = DECODERS.get(coding)?.(beginning);
  if (decoder === undefined) throw new ImageCacheError('INTERNAL', `Nothing decodes ${coding}.`);
  let size = 0;
  try {
    // If decoding fails or is abandoned, this also ends the reading. The loop gets every error.
    const decoded: AsyncIterable<Uint8Array> = pipeline(Readable.from(chunks), decoder, () => undefined);
    for await (const chunk of decoded) {
      size += chunk.length;
      if (size > limits.maxBytes) throw limits.tooLarge();
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ImageCacheError) throw error;
    throw isCut(error) ? limits.cut() : undecodable(coding, error);
  }
}

/** The first bytes of a body, and all of it. */
async function peek(body: Chunks, length: number): Promise<{ beginning: Uint8Array; chunks: Chunks }> {
  const iterator = body[Symbol.asyncIterator]();
  let beginning: Uint8Array = Buffer.alloc(0);
  while (beginning.length < length) {
    const next = await iterator.next();
    if (next.done === true) break;
    beginning = beginning.length === 0 ? next.value : Buffer.concat([beginning, next.value]);
  }
  const chunks = async function* () {
    try {
      if (beginning.length > 0) yield beginning;
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  };
  return { beginning, chunks: chunks() };
}

/** RFC 1950, 2.2. Some servers have always sent "deflate" without this header. */
function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}

function isCut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
}

function undecodable(coding: string, cause: unknown): ImageCacheError {
  return new ImageCacheError('UNSUPPORTED_ENCODING', `The Content-Encoding is ${coding}, but the bytes are not.`, {
    cause,
    hint: 'Upload the image again, without Content-Encoding.',
  });
}
