import { createHash, randomUUID } from 'node:crypto';
import { link, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from './fileError.ts';
import { CACHE_ID_FILE, CACHE_ID_FORM, TMP_DIR } from './layout.ts';
import { lookAt, pathInside, removeFile } from './ownFolders.ts';
import { readStart } from './cautiousOpen.ts';
import { replaceContent } from './replaceContent.ts';
import { temporaryPath } from './temporary.ts';
import { writeOnce } from './writeOnce.ts';

/**
 * Returns the id of a cache directory, which is created once. The inode of the directory is stored beside it. A copy of the
 * directory has another inode, so it is recognized and gets a new id. That id is derived from the copied id and the new inode:
 * all processes compute the same one, in whichever order they start.
 */
export async function readCacheId(dir: string): Promise<string> {
  const path = join(dir, CACHE_ID_FILE);
  await lookAt(dir, TMP_DIR);
  const inode = String((await stat(dir, { bigint: true })).ino);
  const [content, known] = [`${randomUUID()}\n${inode}\n`, await readStart(path)];
  const text = known === '' ? await createOnce(dir, path, content) : known;
  const [, id, ownInode] = CACHE_ID_FORM.exec(text) ?? [];
  if (id !== undefined && ownInode === inode) return id;

  const derived = uuidFrom(`${text}${inode}`);
  await replaceContent(dir, CACHE_ID_FILE, `${derived}\n${inode}\n`).catch(() => undefined); // the directory may be read-only
  return derived;
}

/** Creates the file with this content unless it exists, and returns its content. No process sees it half written. */
async function createOnce(dir: string, path: string, content: string): Promise<string> {
  const tmp = temporaryPath(dir);
  try {
    await writeFile(tmp, content, { flag: 'wx', mode: 0o600 });
    await link(tmp, path);
  } catch (error) {
    // The file system has no hard links, or `tmp/` was removed by hand. Another process may see the file empty then, and treat
    // the directory as a copy.
    if (errnoOf(error) !== 'EEXIST') await writeOnce(path, content);
  } finally {
    await removeFile(dir, pathInside(dir, tmp));
  }
  return readStart(path);
}

/** A UUID of version 8 (RFC 9562, 5.8). */
function uuidFrom(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
