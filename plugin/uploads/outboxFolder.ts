import { createHash } from 'node:crypto';
import { lstat, mkdir, open, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BlobWriter,
  ensurePrivateDirectory,
  errnoOf,
  lookAt,
  makeDirectory,
  READ,
  replaceFile,
  SharedSync,
  sweepTemporary,
  syncHandle,
  temporaryName,
  type WrittenBlob,
  writeOnce,
  writerOf,
} from '../cache/index.ts';
import { ensureOwnOutbox } from './ensureOwnOutbox.ts';
import { isNameOf } from './pictureName.ts';
import {
  BODIES,
  BODY_NAME,
  DONE,
  FOLDERS,
  HOLDER,
  JOBS,
  LOCK,
  QUARANTINE,
  README,
  README_FILE,
  RECORD_NAME,
  TMP,
} from './outboxLayout.ts';

export type RecordFolder = typeof JOBS | typeof DONE;

/** More than a record ever has. */
export const MAX_RECORD_BYTES = 64 << 10;

/** What is known of a file without reading it. */
export interface FileLook {
  name: string;
  /** Another one for each time that the file is written. */
  version: string;
  size: number;
  modifiedAt: number;
}

/**
 * The files of the outbox. All that lists, makes, moves and removes any of them goes through this file, looks at the folders first
 * (see `cache/files/ownFolders.ts`), and touches only names that are ours. Every write survives a power cut when it resolves.
 */
export class OutboxFolder {
  readonly dir: string;
  readonly #syncs = new SharedSync();

  /** @param dir absolute */
  constructor(dir: string) {
    this.dir = dir;
  }

  /** Whether anything was ever accepted here. Makes nothing. */
  async exists(): Promise<boolean> {
    return (await lookAt(this.dir, JOBS)) !== undefined;
  }

  /**
   * Makes what of the outbox is missing, for its owner only, and keeps it out of version control.
   * @throws ImageCacheError CACHE_DIR_UNSAFE when it is used for something else, or others may write to it
   */
  async prepare(): Promise<void> {
    const looks = await Promise.all(FOLDERS.map((folder) => lookAt(this.dir, folder)));
    if (looks.every((look) => look !== undefined)) return;
    await ensureOwnOutbox(this.dir);
    await ensurePrivateDirectory(this.dir, { what: 'outbox', option: 'uploads.outboxDir' });
    await makeDirectory(this.dir);
    await writeOnce(join(this.dir, README_FILE), README, true);
    await writeOnce(join(this.dir, '.gitignore'), '*\n', true);
    for (const folder of FOLDERS) await mkdir(join(this.dir, folder), { recursive: true, mode: 0o700 });
    await this.#syncs.sync(this.dir);
  }

  /** A file that is being written, under a temporary name. */
  createWriter(): Promise<BlobWriter> {
    return BlobWriter.create(this.dir);
  }

  /** Removes what processes that have ended have left half written. */
  async sweep(now: number): Promise<void> {
    await sweepTemporary(this.dir, now);
  }

  /** The records in a folder. */
  async listRecords(folder: RecordFolder): Promise<FileLook[]> {
    return this.#list(folder, RECORD_NAME);
  }

  /** The pictures. */
  async listBodies(): Promise<FileLook[]> {
    return this.#list(BODIES, BODY_NAME);
  }

  /** `undefined` if there is none. */
  async readRecord(folder: RecordFolder, jobId: string): Promise<string | undefined> {
    const bytes = await this.#read(folder, `${jobId}.json`, RECORD_NAME, MAX_RECORD_BYTES);
    return bytes?.toString();
  }

  async writeRecord(folder: RecordFolder, jobId: string, text: string): Promise<void> {
    ensureName(`${jobId}.json`, RECORD_NAME);
    const temporary = join(this.dir, TMP, temporaryName());
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(Buffer.from(text));
        await syncHandle(file);
      } finally {
        await file.close();
      }
      await this.#move(temporary, folder, `${jobId}.json`);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  async removeRecord(folder: RecordFolder, jobId: string): Promise<void> {
    await this.#remove(folder, `${jobId}.json`, RECORD_NAME);
  }

  /** Says that this process has the lock. If it cannot, others wait until the lock is stale. */
  async holdLock(): Promise<void> {
    const name = temporaryName();
    const temporary = join(this.dir, TMP, name);
    try {
      await lookAt(this.dir, TMP);
      await writeFile(temporary, name, { flag: 'wx', mode: 0o600 });
      await replaceFile(temporary, join(this.dir, HOLDER));
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  /** Removes the lock if the process that has it was one of this machine, and runs no more. @returns whether it has */
  async breakLock(): Promise<boolean> {
    await lookAt(this.dir, '');
    const name = await readFile(join(this.dir, HOLDER), { encoding: 'utf8', flag: READ }).catch(() => '');
    if (writerOf(name) !== 'ended') return false;
    // An empty directory, as the lock is, or nothing of ours.
    return rmdir(join(this.dir, LOCK)).then(
      () => true,
      () => false,
    );
  }

  /** Gives a picture its name. One that is there already has the same bytes, or was damaged. */
  async putBody(name: string, blob: WrittenBlob): Promise<void> {
    ensureName(name, BODY_NAME);
    await this.#move(blob.path, BODIES, name);
    blob.release?.();
  }

  /** Size and time of a picture; `undefined` if it is not there. */
  async lookAtBody(name: string): Promise<FileLook | undefined> {
    ensureName(name, BODY_NAME);
    return (await lookAt(this.dir, BODIES)) === undefined ? undefined : this.#look(BODIES, name);
  }

  /**
   * Reads a picture. One that does not have the digest that it is named after is put aside.
   * @returns `undefined` if it is not there, or is damaged
   */
  async readBody(name: string): Promise<Buffer | undefined> {
    const bytes = await this.#read(BODIES, name, BODY_NAME, Infinity);
    if (bytes === undefined) return undefined;
    if (isNameOf(name, createHash('sha256').update(bytes).digest('hex'))) return bytes;
    await mkdir(join(this.dir, QUARANTINE), { recursive: true, mode: 0o700 });
    await this.#move(join(this.dir, BODIES, name), QUARANTINE, name).catch(ifGone);
    return undefined;
  }

  /**
   * Takes a picture away for as long as it takes to see whether an upload needs it. Uploads write their record first and the picture
   * second, so one that comes meanwhile is seen, or brings the picture again.
   */
  async releaseBody(name: string, isNeeded: () => Promise<boolean>): Promise<void> {
    ensureName(name, BODY_NAME);
    const aside = join(this.dir, TMP, temporaryName());
    // A first look before it is touched: what cannot be found out leaves it where it is.
    if ((await lookAt(this.dir, BODIES)) === undefined || (await isNeeded())) return;
    try {
      await replaceFile(join(this.dir, BODIES, name), aside);
    } catch (error) {
      return ifGone(error);
    }
    let isOver = false;
    try {
      isOver = !(await isNeeded());
    } finally {
      // Back also where it could not be found out: what stays aside is swept.
      if (isOver) await rm(aside, { force: true });
      else await this.#move(aside, BODIES, name);
    }
    await this.#syncs.sync(join(this.dir, BODIES));
  }

  async #list(folder: string, form: RegExp): Promise<FileLook[]> {
    if ((await lookAt(this.dir, folder)) === undefined) return [];
    const names = await readdir(join(this.dir, folder)).catch((error: unknown) => {
      ifGone(error);
      return [];
    });
    const looks = await Promise.all(names.filter((name) => form.test(name)).map((name) => this.#look(folder, name)));
    return looks.filter((look) => look !== undefined);
  }

  async #look(folder: string, name: string): Promise<FileLook | undefined> {
    const stats = await lstat(join(this.dir, folder, name)).catch((error: unknown) => {
      ifGone(error);
      return undefined;
    });
    if (stats?.isFile() !== true) return undefined;
    const { ino, size, mtimeMs, ctimeMs } = stats;
    return { name, size, modifiedAt: mtimeMs, version: `${ino} ${size} ${mtimeMs} ${ctimeMs}` };
  }

  async #read(folder: string, name: string, form: RegExp, maxBytes: number): Promise<Buffer | undefined> {
    ensureName(name, form);
    if ((await lookAt(this.dir, folder)) === undefined) return undefined;
    const file = await open(join(this.dir, folder, name), READ).catch((error: unknown) => {
      ifGone(error);
      return undefined;
    });
    if (file === undefined) return undefined;
    try {
      const stats = await file.stat();
      return stats.isFile() && stats.size <= maxBytes ? await file.readFile() : undefined;
    } finally {
      await file.close();
    }
  }

  async #move(from: string, folder: string, name: string): Promise<void> {
    const look = await lookAt(this.dir, folder);
    if (look === undefined) throw Object.assign(new Error('The outbox was removed.'), { code: 'ENOENT' });
    await replaceFile(from, join(this.dir, folder, name));
    await this.#syncs.sync(join(this.dir, folder));
  }

  async #remove(folder: string, name: string, form: RegExp): Promise<void> {
    ensureName(name, form);
    if ((await lookAt(this.dir, folder)) === undefined) return;
    await rm(join(this.dir, folder, name), { force: true });
    await this.#syncs.sync(join(this.dir, folder));
  }
}

function ensureName(name: string, form: RegExp): void {
  if (!form.test(name)) throw new Error(`${JSON.stringify(name)} is not a file name of the outbox`);
}

function ifGone(error: unknown): void {
  if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) throw error;
}
