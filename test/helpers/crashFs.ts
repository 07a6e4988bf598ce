import { constants } from 'node:fs';
import type * as fs from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { type DiskEvent, type DiskNode, folderOf } from './crashFsEvents.ts';

type Fs = typeof fs;
type Handle = fs.FileHandle;
type Written = { bytesWritten: number };

/**
 * Notes what is asked of the file system below one directory, so that a test can tell what a power cut would have left. Used with
 * `vi.mock('node:fs/promises')`, as `faultyFs` is: everything is done for real as well, but for syncing.
 */
export class CrashFs {
  readonly events: DiskEvent[] = [];
  readonly #root: string;
  readonly #names = new Map<string, DiskNode>([['', 'directory']]);
  readonly #sizes: number[] = [];
  /** Changes happen one after the other, so that they are noted in the order in which they took effect. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(root: string) {
    this.#root = root;
  }

  /** What is recorded of a path; `undefined` for what lies elsewhere. */
  pathOf(path: unknown): string | undefined {
    if (typeof path !== 'string') return undefined;
    const inside = relative(this.#root, path);
    return inside === '..' || inside.startsWith(`..${sep}`) ? undefined : inside;
  }

  /** Does something, and notes it if it did not fail. */
  exclusively<Result>(task: () => Promise<Result>, note: (result: Result) => void): Promise<Result> {
    const turn = this.#last.then(async () => {
      const result = await task();
      note(result);
      return result;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  nodeOf(path: string): DiskNode | undefined {
    return this.#names.get(path);
  }

  /** The number of the file; a new one if there is none of that name. */
  created(path: string): number {
    const known = this.#names.get(path);
    if (typeof known === 'number') return known;
    this.named(path, this.#sizes.push(0) - 1);
    return this.#sizes.length - 1;
  }

  named(path: string, node: DiskNode | undefined): void {
    if (node === undefined) throw new Error(`${path} was linked to something that is not recorded`);
    this.#names.set(path, node);
    this.events.push({ op: 'name', path, node });
  }

  madeDirectories(path: string): void {
    if (this.#names.has(path)) return;
    this.madeDirectories(folderOf(path));
    this.named(path, 'directory');
  }

  renamed(from: string, path: string): void {
    const node = this.#names.get(from);
    if (node === undefined) throw new Error(`${from} was renamed and is not recorded`);
    this.#names.delete(from);
    this.#names.set(path, node);
    this.events.push({ op: 'rename', from, path, node });
  }

  removed(path: string): void {
    const node = this.#names.get(path);
    if (node === undefined) return; // it was not there: `rm` with `force`
    this.#names.delete(path);
    this.events.push({ op: 'remove', path, node });
  }

  /** @param at the end of the file, where no place is given */
  wrote(file: number, bytes: Uint8Array, at = this.#sizes[file] ?? 0): void {
    this.#sizes[file] = Math.max(this.#sizes[file] ?? 0, at + bytes.length);
    this.events.push({ op: 'write', file, at, bytes: Buffer.from(bytes) });
  }

  truncated(file: number, size: number): void {
    this.#sizes[file] = size;
    this.events.push({ op: 'truncate', file, size });
  }

  synced(path: string, node: DiskNode): void {
    this.events.push(node === 'directory' ? { op: 'sync names', path } : { op: 'sync file', file: node });
  }
}

/** The real file system, with notes taken by whatever `recorder` says, if anything. */
export function recordingFs(real: Fs, recorder: () => CrashFs | undefined): Fs {
  const inside = (path: unknown) => {
    const crashFs = recorder();
    const at = crashFs?.pathOf(path);
    return crashFs === undefined || at === undefined ? undefined : { crashFs, at };
  };

  const open: Fs['open'] = async (path, flags, mode) => {
    const spot = inside(path);
    if (spot === undefined) return withoutSync(await real.open(path, flags, mode));
    const { crashFs, at } = spot;
    const creates = typeof flags === 'number' ? (flags & constants.O_CREAT) !== 0 : /^[wa]/.test(flags ?? 'r');
    const handle = await crashFs.exclusively(
      () => real.open(path, flags, mode),
      () => creates && crashFs.created(at),
    );
    return recordingHandle(handle, crashFs, at);
  };

  const mkdir = async (path: string, options?: { recursive?: boolean; mode?: number }) => {
    const spot = inside(path);
    if (spot === undefined) return real.mkdir(path, options);
    return spot.crashFs.exclusively(
      () => real.mkdir(path, options),
      () => spot.crashFs.madeDirectories(spot.at),
    );
  };

  const rename: Fs['rename'] = async (from, to) => {
    const [source, target] = [inside(from), inside(to)];
    if (source === undefined || target === undefined) return real.rename(from, to);
    return source.crashFs.exclusively(
      () => real.rename(from, to),
      () => source.crashFs.renamed(source.at, target.at),
    );
  };

  const link: Fs['link'] = async (existing, path) => {
    const [source, target] = [inside(existing), inside(path)];
    if (source === undefined || target === undefined) return real.link(existing, path);
    return source.crashFs.exclusively(
      () => real.link(existing, path),
      () => source.crashFs.named(target.at, source.crashFs.nodeOf(source.at)),
    );
  };

  const rm: Fs['rm'] = async (path, options) => {
    const spot = inside(path);
    if (spot === undefined) return real.rm(path, options);
    return spot.crashFs.exclusively(
      () => real.rm(path, options),
      () => spot.crashFs.removed(spot.at),
    );
  };

  const copyFile: Fs['copyFile'] = async (from, to, mode) => {
    const spot = inside(to);
    if (spot === undefined) return real.copyFile(from, to, mode);
    const copied = async () => {
      await real.copyFile(from, to, mode);
      return real.readFile(to);
    };
    const note = (bytes: Buffer) => spot.crashFs.wrote(spot.crashFs.created(spot.at), bytes, 0);
    await spot.crashFs.exclusively(copied, note);
  };

  // Node's own goes past what is wrapped here.
  const writeFile = async (path: string, data: string, options: { flag: string; mode: number; flush?: boolean }) => {
    if (inside(path) === undefined) return real.writeFile(path, data, options);
    const handle = await open(path, options.flag, options.mode);
    try {
      await handle.writeFile(Buffer.from(data));
      if (options.flush === true) await handle.sync();
    } finally {
      await handle.close();
    }
  };

  // The overloads of two of them, for buffers and URLs as paths, are not used here.
  return {
    ...real,
    open,
    mkdir: mkdir as Fs['mkdir'],
    rename,
    link,
    rm,
    copyFile,
    writeFile: writeFile as Fs['writeFile'],
  };
}

/** Syncing only costs time while the power is on. */
function withoutSync(handle: Handle): Handle {
  return Object.assign(handle, { sync: () => Promise.resolve(), datasync: () => Promise.resolve() });
}

function recordingHandle(handle: Handle, crashFs: CrashFs, path: string): Handle {
  const node = crashFs.nodeOf(path);
  if (node === undefined) return handle; // a directory that was there before
  const sync = () =>
    crashFs.exclusively(
      () => Promise.resolve(),
      () => crashFs.synced(path, node),
    );
  if (node === 'directory') return Object.assign(handle, { sync });
  const { writeFile, truncate, writev } = handle;
  // One of its forms; it is put in place of all of them below.
  const write = handle.write.bind(handle) as (...args: [Uint8Array, number, number, number | null]) => Promise<Written>;
  return Object.assign(handle, {
    sync,
    datasync: sync,
    write: (bytes: Uint8Array, offset = 0, length = bytes.length - offset, position?: number) =>
      crashFs.exclusively(
        () => write(bytes, offset, length, position ?? null),
        ({ bytesWritten }) => crashFs.wrote(node, bytes.subarray(offset, offset + bytesWritten), position),
      ),
    writev: (chunks: Uint8Array[], position: number) =>
      crashFs.exclusively(
        () => writev.call(handle, chunks, position),
        ({ bytesWritten }) => crashFs.wrote(node, Buffer.concat(chunks).subarray(0, bytesWritten), position),
      ),
    writeFile: (bytes: Uint8Array) =>
      crashFs.exclusively(
        () => writeFile.call(handle, bytes),
        () => crashFs.wrote(node, bytes),
      ),
    truncate: (size: number) =>
      crashFs.exclusively(
        () => truncate.call(handle, size),
        () => crashFs.truncated(node, size),
      ),
  });
}
