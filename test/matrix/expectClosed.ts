import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rawClient } from '../helpers/rawHttp.ts';
import { waysInto, wholeUrls } from '../vite/waysInto.ts';

const CANARY = 'canary-7f3a';
const ENCODED_CANARY = Buffer.from(CANARY).toString('base64').slice(0, 12);

/**
 * Asks for files of the cache directory in every spelling that a Vite has ever fallen for.
 * @throws Error naming those that were answered with a file
 */
export async function expectClosed(app: string, origin: string): Promise<void> {
  const images = join(app, '.image-cache', 'images');
  await mkdir(images, { recursive: true });
  await writeFile(join(images, 'a.svg'), `<svg>${CANARY}</svg>`);
  await writeFile(join(images, 'a.jpg'), `123${CANARY}`); // a multiple of three before it keeps its base64 recognisable
  const client = rawClient(origin);
  const open: string[] = [];
  let refused = 0;
  try {
    const root = encodeURI(app); // a space cannot be sent
    const urls = [...waysInto(root), ...wholeUrls(root, '.image-cache/images/a.svg')];
    for (const url of urls) {
      const { status, text } = await client.send('GET', url);
      const isManifest = text.includes('"entries"') && text.includes('"sha256"');
      if (text.includes(CANARY) || text.includes(ENCODED_CANARY) || isManifest) open.push(`${status} ${url}`);
      if (status === 403) refused += 1;
    }
  } finally {
    client.close();
  }
  if (open.length > 0) throw new Error(`answered with a file:\n${open.slice(0, 10).join('\n')}`);
  if (refused === 0) throw new Error('nothing was refused: the directory is not where it was looked for');
}
