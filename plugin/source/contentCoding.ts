import { pipeline, Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ImageCacheError } from '../errors.ts';

type Chunks = AsyncIterable<Uint8Array>;

/** Makes what undoes a coding, of a body that begins like this. */
type CreateDecoder = (beginning: Uint8Array) => Transform;

/** Decoded within one another; nobody has a reason for more, and each may multiply the bytes by a thousand. */
const MAX_CODINGS = 3;
/** Enough to recognise an image by. */
const BEGINNING_BYTES = 64;

/** The codings that browsers decode (Fetch Standard, 2.2.5 "handle content codings"; RFC 9110, 8.4.1). */
const DECODERS: ReadonlyMap<string, CreateDecoder> = new Map<string, CreateDecoder>([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  ['br', () => zlib.createBrotliDecompress()],
  ['deflate', (beginning) => (hasZlibHeader(beginning) ? zlib.createInflate() : zlib.createInflateRaw())],
  // From Node 22.15 and 23.8 on.
  ...('createZstdDecompress' in zlib ? ([['zstd', () => zlib.createZstdDecompress()]] as const) : []),
]);

/**
 * The codings of a `Content-Encoding`, the one that was applied last first. None where one of them is unknown, such as
 * `base64`, `UTF-8`, `none` or `aws-chunked`: then the bytes are taken as they are, as browsers do, and decide.
 * @throws ImageCacheError UNSUPPORTED_ENCODING for more of them than make sense
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
  /** What each coding may give; the rest is not decoded. */
  maxBytes: number;
  tooLarge: () => ImageCacheError;
  /** The coded bytes end in the middle. */
  cut: () => ImageCacheError;
  /** Whether a body that begins like this is an image that is in no coding, whatever its head says. */
  isImage: (beginning: Uint8Array) => boolean;
}

/**
 * The body without its codings, piece by piece, as fast as it is taken.
 * @throws ImageCacheError UNSUPPORTED_ENCODING for bytes that are not in the coding, what the limits say, what `chunks` throws
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
    // Ends the reading, too, when it fails or is given up; the loop hears of every error.
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

/** RFC 1950, 2.2; "deflate" without it is what some servers have always sent. */
function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}

function isCut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR';
}

function undecodable(coding: string, cause: unknown): ImageCacheError {
  return new ImageCacheError('UNSUPPORTED_ENCODING', `The image is stored as ${coding}, but is not.`, {
    cause,
    hint: 'Its Content-Encoding and its bytes do not fit together: upload it again, without Content-Encoding.',
  });
}
