import { bytesOf } from './fileInput.ts';
import type { Io } from './io.ts';
import { linesOf } from './lines.ts';

export interface ListedImage {
  /** `undefined` if the line names none. */
  actor: string | undefined;
  url: string;
}

/**
 * The images of a list, such as `missed.txt`: a URL a line, perhaps after an actor and a tab. An empty line, and one that begins with `#`, names none.
 * @param file `-` for the standard input
 * @throws ImageCacheError NOT_FOUND if the list cannot be read
 */
export async function* listedImages(
  file: string,
  io: Pick<Io, 'cwd' | 'input'>,
): AsyncGenerator<ListedImage, void, void> {
  for await (const line of linesOf(bytesOf(file, io))) {
    if (line === '' || line.startsWith('#')) continue;
    const [first = '', second] = line.split('\t', 2);
    yield second === undefined ? { actor: undefined, url: first.trim() } : { actor: first, url: second.trim() };
  }
}
