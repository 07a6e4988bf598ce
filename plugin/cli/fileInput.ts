import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { ImageCacheError } from '../errors.ts';
import type { Io } from './io.ts';

/**
 * The bytes of a file, or of the standard input if it is called `-`.
 * @throws ImageCacheError NOT_FOUND if it cannot be read
 */
export async function* bytesOf(
  file: string,
  { cwd, input }: Pick<Io, 'cwd' | 'input'>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of file === '-' ? input : createReadStream(resolve(cwd, file))) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ImageCacheError('NOT_FOUND', `${file} cannot be read: ${message}`);
  }
}
