import { ImageSink, type Inspector, Scratch, type WrittenBlob } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { Outbox } from './outbox.ts';
import type { Room } from './outboxRoom.ts';
import { pictureName } from './pictureName.ts';
import type { Picture } from './uploadRecord.ts';

/** A picture that has come whole, in a temporary file. */
export interface ReceivedPicture {
  picture: Picture;
  blob: WrittenBlob;
}

export interface Receiving {
  outbox: Outbox;
  inspect: Inspector;
  maxBytes: number;
  room: Room;
  /** What the client says of the bytes, hex. */
  sha256: string;
}

/**
 * Writes the bytes of an upload to a temporary file, hashes them meanwhile, holds them against the digest that was announced, and proves
 * them to be an image, as the bytes of a download are.
 * @param use what to do with the file; it is removed afterwards, unless it was moved
 * @throws ImageCacheError UPLOAD_*, OUTBOX_*, and what reading the body throws
 */
export async function receivePicture<T>(
  body: AsyncIterable<Uint8Array>,
  { outbox, inspect, maxBytes, room, sha256 }: Receiving,
  use: (received: ReceivedPicture) => Promise<T>,
): Promise<T> {
  const sink = new ImageSink({
    createWriter: () => outbox.createWriter(),
    inspect,
    scratch: new Scratch(),
    maxBytes,
    yieldToForeground: () => undefined,
  });
  let size = 0;
  try {
    await sink.open();
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      await room.grow(chunk.length);
      await sink.write(chunk);
    }
    if (size === 0) throw empty();
    const blob = await finish(sink, sha256);
    const { contentType, size: size_bytes } = sink.image;
    const picture = { name: pictureName(sha256, contentType), sha256, size_bytes, content_type: contentType };
    return await use({ picture, blob });
  } finally {
    await sink.discard();
  }
}

/** The digest first: of bytes that were changed on their way, it says nothing that they are no image. */
async function finish(sink: ImageSink, sha256: string): Promise<WrittenBlob> {
  let fault: unknown;
  try {
    await sink.complete('announced');
  } catch (error) {
    fault = error;
  }
  const blob = await sink.finish(true);
  if (blob.sha256 !== sha256) {
    throw new ImageCacheError('UPLOAD_DIGEST', 'The bytes that came do not have the digest of `Content-Digest`.', {
      hint: 'They were changed on their way, or the digest is of other bytes: send them again.',
    });
  }
  if (fault !== undefined) throw notAnImage(fault);
  return blob;
}

function notAnImage(fault: unknown): ImageCacheError {
  const { message, code } = ImageCacheError.from(fault);
  if (code === 'INTERNAL') return ImageCacheError.from(fault);
  return new ImageCacheError('UPLOAD_NOT_AN_IMAGE', `The file is no image that can be taken. ${message}`, {
    hint: 'JPEG, PNG, GIF, WebP, AVIF, HEIC, JPEG XL, TIFF, BMP and ICO are taken; open the file, and save it as one of them.',
  });
}

export function tooLarge(maxBytes: number): ImageCacheError {
  return new ImageCacheError('UPLOAD_TOO_LARGE', `The file is larger than ${maxBytes} bytes.`, {
    hint: 'Make it smaller, or raise `uploads.maxFileSize`.',
  });
}

export function empty(): ImageCacheError {
  return new ImageCacheError('UPLOAD_EMPTY', 'The file has no bytes.', {
    hint: 'A file that a cloud drive has not downloaded yet may look so: open it first, and pick it again.',
  });
}
