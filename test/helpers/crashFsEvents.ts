import { dirname } from 'node:path';

/** A directory, or a file by its number; a file may have several names, or none any more. */
export type DiskNode = number | 'directory';

/** What was asked of a disk. Paths are relative to what is recorded; `''` is its root. */
export type DiskEvent =
  | { op: 'write'; file: number; at: number; bytes: Buffer }
  | { op: 'truncate'; file: number; size: number }
  /** Created, or linked. */
  | { op: 'name'; path: string; node: DiskNode }
  | { op: 'rename'; from: string; path: string; node: DiskNode }
  | { op: 'remove'; path: string; node: DiskNode }
  /** What was written to the file is safe. Its names are not. */
  | { op: 'sync file'; file: number }
  /** The names in the directory are safe. What the files hold is not. */
  | { op: 'sync names'; path: string }
  /** Everything is safe, for the system had the time to write it back. */
  | { op: 'write back' };

/** What a power cut did to an event that nothing had made safe. */
export type Fate = 'lost' | 'half' | 'zeros';

/** The files and directories that are left, by path. */
export type DiskState = Map<string, Buffer | 'directory'>;

/** The directory in which a name is, as paths are written here. */
export function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === '.' ? '' : folder;
}

/** The changes among the events that no later one made safe, by their place. */
export function unsafeEvents(events: readonly DiskEvent[]): number[] {
  const safe = new Set<number | string>();
  const unsafe: number[] = [];
  for (let place = events.length - 1; place >= 0; place -= 1) {
    const event = events[place];
    if (event === undefined || event.op === 'write back') break;
    if (event.op === 'sync file') safe.add(event.file);
    else if (event.op === 'sync names') safe.add(event.path);
    else if (!safe.has('file' in event ? event.file : folderOf(event.path))) unsafe.unshift(place);
  }
  return unsafe;
}

/** What the disk holds after the events, each with its fate. A name whose directory is gone is gone with it. */
export function replay(events: readonly DiskEvent[], fates: ReadonlyMap<number, Fate>): DiskState {
  const names = new Map<string, DiskNode>();
  const contents = new Map<number, Buffer>();
  for (const [place, event] of events.entries()) {
    const fate = fates.get(place);
    if (fate === 'lost') continue;
    if (event.op === 'write') {
      contents.set(event.file, overwritten(contents.get(event.file), event.at, torn(event.bytes, fate)));
    } else if (event.op === 'truncate') contents.set(event.file, resized(contents.get(event.file), event.size));
    else if (event.op === 'name') names.set(event.path, event.node);
    else if (event.op === 'rename') {
      if (names.get(event.from) === event.node) names.delete(event.from);
      names.set(event.path, event.node);
    } else if (event.op === 'remove' && names.get(event.path) === event.node) names.delete(event.path);
  }
  const isThere = (path: string): boolean => path === '' || (names.has(path) && isThere(folderOf(path)));
  return new Map(
    [...names]
      .filter(([path]) => isThere(path))
      .map(([path, node]) => [path, node === 'directory' ? node : (contents.get(node) ?? Buffer.alloc(0))]),
  );
}

/** A write of which the second half never came, or came as zeros: the size was written, the bytes were not. */
function torn(bytes: Buffer, fate: Fate | undefined): Buffer {
  if (fate === undefined) return bytes;
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  return fate === 'half' ? half : resized(half, bytes.length);
}

/** What lies between the end of a file and a later write is a hole, and reads as zeros. */
function overwritten(content: Buffer | undefined, at: number, bytes: Buffer): Buffer {
  const result = resized(content, Math.max(content?.length ?? 0, at + bytes.length));
  bytes.copy(result, at);
  return result;
}

function resized(content: Buffer | undefined, size: number): Buffer {
  const result = Buffer.alloc(size);
  content?.copy(result);
  return result;
}
