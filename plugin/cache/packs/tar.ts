import type { ParsedTarEntry, TarHeader } from 'modern-tar';
import { ImageCacheError } from '../../errors.ts';

/*
 * The only file that knows the tar library, which is loaded with the first pack: few processes ever see one.
 */

/** A file to be written. */
export interface TarFile {
  path: string;
  /** Bytes; the content must have exactly so many. */
  size: number;
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** An entry that was read. Its path is only a text to compare with others: it may be anything. */
export interface TarEntry {
  path: string;
  /** Bytes. */
  size: number;
  /** Why it is no plain file of ours, as a phrase that follows "it"; `undefined` for a plain file. */
  oddity: string | undefined;
  /** The bytes. */
  content: AsyncIterable<Uint8Array>;
  /** Reads what is left of the content. To be called before the next entry. */
  skip(): Promise<void>;
}

/** How many bytes may still be read: each byte is counted, also of what is skipped. */
export interface Allowance {
  bytes: number;
}

/** The longest path that a plain header has room for. Longer ones come in an extended header, and only those may. */
const PLAIN_PATH_LENGTH = 100;

/**
 * Writes a tar. Nothing in it depends on the machine or the time: the same files make the same bytes.
 * @throws what reading the files throws
 */
export async function* writeTar(files: AsyncIterable<TarFile>): AsyncGenerator<Uint8Array, void, void> {
  const { createTarPacker } = await import('modern-tar');
  const { readable, controller } = createTarPacker();
  const fill = async () => {
    for await (const { path: name, size, content } of files) {
      const body = controller.add({ name, size, type: 'file', mode: 0o600, mtime: new Date(0), uid: 0, gid: 0 });
      const writer = body.getWriter();
      for await (const chunk of content) await writer.write(chunk);
      await writer.close();
    }
    controller.finalize();
  };
  fill().catch((error: unknown) => controller.error(error));
  yield* readable;
}

/**
 * Reads a tar as it arrives, and checks its form: the checksum of each header, and that it ends where it says, with nothing behind.
 * @param allowance is counted down; may be set anew between entries
 * @param signal aborts reading, also while nothing arrives
 * @throws ImageCacheError PACK_INVALID, ABORTED, and what the input throws
 */
export async function* readTar(
  input: AsyncIterable<Uint8Array>,
  allowance: Allowance,
  signal: AbortSignal,
): AsyncGenerator<TarEntry, void, void> {
  const { createTarDecoder } = await import('modern-tar');
  const bytes = streamOf(counted(input, allowance));
  try {
    const entries = bytes.pipeThrough(createTarDecoder({ strict: true }), { signal });
    for await (const entry of entries) yield toEntry(entry, signal);
  } catch (error) {
    throw readingError(error, signal);
  }
}

/** `ReadableStream.from`, which TypeScript does not know in a project with the types of a browser. */
function streamOf(chunks: AsyncGenerator<Uint8Array, void, void>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return();
    },
  });
}

function toEntry({ header, body }: ParsedTarEntry, signal: AbortSignal): TarEntry {
  const content = contentOf(body, signal);
  return {
    path: header.name,
    size: header.size,
    oddity: oddityOf(header),
    content,
    async skip() {
      for await (const _ of contentOf(body, signal));
    },
  };
}

/**
 * Who stops reading leaves the rest to be skipped. The library lets a body be cancelled instead, but takes that for a body that came later
 * if it has read ahead (0.8.6), which then never ends.
 */
async function* contentOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* body.values({ preventCancel: true });
  } catch (error) {
    throw readingError(error, signal);
  }
}

/**
 * An extended header can give a file another path and another size than its own header says, and readers differ in which they
 * believe. Ours has one for a path that is too long, and nothing else.
 *
 * Limit: the library takes a type that it does not know, such as an old sparse file, for a file. Its bytes are compared with the
 * manifest like all others.
 */
function oddityOf({ type = 'file', name, pax = {} }: TarHeader): string | undefined {
  if (type !== 'file') return `is a ${type}`;
  const extended = Object.keys(pax).find((key) => key !== 'path' || name.length <= PLAIN_PATH_LENGTH);
  return extended === undefined ? undefined : `has an extended header with \`${extended.slice(0, 40)}\``;
}

async function* counted(
  input: AsyncIterable<Uint8Array>,
  allowance: Allowance,
): AsyncGenerator<Uint8Array, void, void> {
  let isFirst = true;
  for await (const chunk of input) {
    if (chunk.length === 0) continue;
    if (isFirst) ensureUncompressed(chunk);
    isFirst = false;
    allowance.bytes -= chunk.length;
    if (allowance.bytes < 0) throw invalid('It is longer than its manifest says.');
    yield chunk;
  }
}

/** How compressed files begin. */
const COMPRESSED = { gzip: [0x1f, 0x8b], zstd: [0x28, 0xb5, 0x2f], xz: [0xfd, 0x37, 0x7a], bzip2: [0x42, 0x5a, 0x68] };

function ensureUncompressed(beginning: Uint8Array): void {
  for (const [name, magic] of Object.entries(COMPRESSED)) {
    if (magic.every((byte, at) => beginning[at] === byte)) {
      throw invalid(
        `It is compressed by ${name}.`,
        `Decompress it first, e.g. \`${name} -d\`. Images hardly become smaller anyway.`,
      );
    }
  }
}

/** The library reports what is wrong with the bytes by plain errors. */
function readingError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return new ImageCacheError('ABORTED', 'Reading the pack was aborted.');
  if (error instanceof ImageCacheError || (error instanceof Error && 'code' in error)) return error;
  return invalid(`It is damaged: ${error instanceof Error ? error.message : String(error)}`);
}

/** The error for something that is not a pack. */
export function invalid(detail: string, hint = 'Make a pack with `image-cache export`.'): ImageCacheError {
  return new ImageCacheError('PACK_INVALID', `This is not a pack of an image cache. ${detail}`, { hint });
}
