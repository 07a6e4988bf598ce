import { readFile } from 'node:fs/promises';
import { ImageCacheError } from '../../errors.ts';

/** A file of the inspector's page. */
export interface PageFile {
  type: string;
  bytes: Buffer;
  /** Its name has a digest of its bytes in it, so that it never changes. */
  isImmutable: boolean;
}

/** By path, relative to the page: `index.html`, `assets/index-4f1c….js`. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** What the build has written beside the files. */
type FileList = Record<string, Omit<PageFile, 'bytes'>>;

/**
 * Reads the page that `npm run build` has made, as it is listed there: these are all the files that can ever be served.
 * @param directory the URL of the directory, with a slash at its end
 * @throws ImageCacheError NOT_FOUND if this is not where the files are
 */
export async function readPageFiles(directory = pageDirectory()): Promise<PageFiles> {
  try {
    const list = JSON.parse(await readFile(new URL('files.json', directory), 'utf8')) as FileList; // the build has written it
    const read = Object.entries(list).map(
      async ([path, file]) => [path, { ...file, bytes: await readFile(new URL(path, directory)) }] as const,
    );
    return new Map(await Promise.all(read));
  } catch (cause) {
    throw new ImageCacheError('NOT_FOUND', 'The files of the inspector were not found.', {
      cause,
      hint: 'They are in the package `vite-plugin-image-cache`. If your server is bundled, leave this package out of the bundle.',
    });
  }
}

function pageDirectory(): string {
  return new URL('dist/inspector/', import.meta.resolve('vite-plugin-image-cache/package.json')).href;
}
