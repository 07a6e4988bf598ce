import { createHash, randomUUID } from 'node:crypto';
import { link, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from './fileError.ts';
import { CACHE_ID_FILE, CACHE_ID_FORM, TMP_DIR } from './layout.ts';
import { lookAt, moveFile, pathInside, removeFile } from './ownFolders.ts';
import { readStart } from './cautiousOpen.ts';
import { temporaryPath } from './temporary.ts';
import { writeOnce } from './writeOnce.ts';

/**
 * The id of a cache directory, made once. Beside it stands the inode of the directory, so that a copy, which has another
 * one, is noticed and gets an id of its own. That follows from the id it was copied with and from its own inode: whichever
 * process comes first, all give it the same.
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
  await replaceContent(dir, path, `${derived}\n${inode}\n`).catch(() => undefined); // a directory that may only be read
  return derived;
}

/** Gives the file this content unless it is there, and returns what it has: nobody sees it half written. */
async function createOnce(dir: string, path: string, content: string): Promise<string> {
  const tmp = temporaryPath(dir);
  try {
    await writeFile(tmp, content, { flag: 'wx', mode: 0o600 });
    await link(tmp, path);
  } catch (error) {
    // No hard links here, or `tmp/` was removed by hand: somebody may see it empty then, and take the directory for a copy.
    if (errnoOf(error) !== 'EEXIST') await writeOnce(path, content);
  } finally {
    await removeFile(dir, pathInside(dir, tmp));
  }
  return readStart(path);
}

async function replaceContent(dir: string, path: string, text: string): Promise<void> {
  const tmp = temporaryPath(dir);
  await writeFile(tmp, text, { flag: 'wx', mode: 0o600 });
  await moveFile(dir, tmp, path).catch((error: unknown) =>
    removeFile(dir, pathInside(dir, tmp)).then(() => Promise.reject(error)),
  );
}

/** A UUID of version 8 (RFC 9562, 5.8). */
function uuidFrom(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
