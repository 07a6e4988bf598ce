import { writeSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/** When, in a call of the file system, a process dies: `half` way through what it writes. */
type Moment = 'before' | 'half' | 'after';

interface CrashPoint {
  call: 'open' | 'write' | 'writeFile' | 'copyFile' | 'rename' | 'rm';
  /** Of the file, for two of them the second. */
  path: RegExp;
  moment: Moment;
}

const LOG = /\.log$/;
const SNAPSHOT = /\.snap$/;
const TEMPORARY = /\.part$/;
const MANIFEST = /manifest\.json$/;
/** An image that is being removed. */
const ASIDE = /images[/\\][^/\\]+[/\\][^/\\]+\.part$/;
const IMAGE = /images[/\\][^/\\]+[/\\][^/\\]+\.png$/;

/** The steps of a change and of a compaction, between each two of which a process may die (T47). */
const CRASH_POINTS = {
  'before append': { call: 'write', path: LOG, moment: 'before' },
  'mid append': { call: 'write', path: LOG, moment: 'half' },
  'after append': { call: 'write', path: LOG, moment: 'after' },
  'after seal': { call: 'open', path: LOG, moment: 'after' },
  'mid snapshot': { call: 'writeFile', path: TEMPORARY, moment: 'half' },
  'before snapshot rename': { call: 'rename', path: SNAPSHOT, moment: 'before' },
  'after snapshot rename': { call: 'rename', path: SNAPSHOT, moment: 'after' },
  'before retire': { call: 'rm', path: LOG, moment: 'before' },
  'mid retire': { call: 'rm', path: LOG, moment: 'after' },
  'after retire': { call: 'rm', path: SNAPSHOT, moment: 'after' },
  'mid publish': { call: 'copyFile', path: TEMPORARY, moment: 'half' },
  'before publish rename': { call: 'rename', path: MANIFEST, moment: 'before' },
  'after publish rename': { call: 'rename', path: MANIFEST, moment: 'after' },
} satisfies Record<string, CrashPoint>;

/** Between the steps of taking an upload, and of its end. */
const UPLOAD_CRASH_POINTS = {
  'C6: before the record': { call: 'rename', path: /jobs[/\\][^/\\]+\.json$/, moment: 'before' },
  'C7: between the record and the picture': { call: 'rename', path: /jobs[/\\][^/\\]+\.json$/, moment: 'after' },
  'C8: between the picture and the answer': { call: 'rename', path: /bodies[/\\][^/\\]+\.jpg$/, moment: 'after' },
  'C14: between done and the removal of the record': {
    call: 'rename',
    path: /done[/\\][^/\\]+\.json$/,
    moment: 'after',
  },
  'C14: while the picture is put aside': { call: 'rm', path: /image-outbox[/\\]tmp[/\\]/, moment: 'before' },
} satisfies Record<string, CrashPoint>;

/** Between the steps of storing an image, and of removing one (R4). */
const IMAGE_CRASH_POINTS = {
  'before the file of a download': { call: 'open', path: TEMPORARY, moment: 'before' },
  'before the file of a copy': { call: 'copyFile', path: TEMPORARY, moment: 'before' },
  'before image rename': { call: 'rename', path: IMAGE, moment: 'before' },
  'between image rename and journal line': { call: 'rename', path: IMAGE, moment: 'after' },
  'in mid-removal': { call: 'rename', path: ASIDE, moment: 'before' },
  'after image removal': { call: 'rm', path: ASIDE, moment: 'after' },
} satisfies Record<string, CrashPoint>;

export type CrashPointName = keyof typeof CRASH_POINTS;
export type AnyCrashPointName = CrashPointName | keyof typeof IMAGE_CRASH_POINTS | keyof typeof UPLOAD_CRASH_POINTS;

export const CRASH_POINT_NAMES = Object.keys(CRASH_POINTS) as CrashPointName[]; // it has no other keys
export const UPLOAD_CRASH_POINT_NAMES = Object.keys(UPLOAD_CRASH_POINTS) as AnyCrashPointName[]; // nor has this
export const IMAGE_CRASH_POINT_NAMES = Object.keys(IMAGE_CRASH_POINTS) as AnyCrashPointName[]; // nor has this

/**
 * Lets this process die, as by `kill -9`, or stop, when it comes to that point for the n-th time; it prints the name of the point
 * then. Replaces functions of `node:fs/promises` for all modules, so that what is tortured needs to know nothing of it.
 */
export function armCrashPoint(name: AnyCrashPointName, times: number, signal: 'SIGKILL' | 'SIGSTOP' = 'SIGKILL'): void {
  const point: CrashPoint = { ...CRASH_POINTS, ...IMAGE_CRASH_POINTS, ...UPLOAD_CRASH_POINTS }[name];
  let left = times;
  const die = () => {
    if (signal === 'SIGSTOP') writeSync(1, `${name}\n`);
    process.kill(process.pid, signal);
  };

  /** `half` does half of the work. */
  function guarded<Args extends unknown[], Result>(
    call: (...args: Args) => Promise<Result>,
    half: (...args: Args) => Promise<unknown>,
    pathOf: (args: Args) => unknown,
  ) {
    return async (...args: Args): Promise<Result> => {
      if (!point.path.test(String(pathOf(args)))) return call(...args);
      left -= 1;
      if (left !== 0) return call(...args);
      if (point.moment === 'half') await half(...args);
      if (point.moment !== 'after') {
        die();
        return call(...args); // only a process that was stopped comes to this
      }
      const result = await call(...args);
      die();
      return result;
    };
  }

  const { open, copyFile, rename, rm, truncate, stat } = fs;
  const whole = () => Promise.resolve();
  if (point.call === 'rename') fs.rename = guarded(rename, whole, ([, to]) => to);
  if (point.call === 'rm') fs.rm = guarded(rm, whole, ([path]) => path);
  if (point.call === 'copyFile') {
    const half = async (...[from, to, mode]: Parameters<typeof copyFile>) => {
      await copyFile(from, to, mode);
      await truncate(to, Math.floor((await stat(to)).size / 2));
    };
    fs.copyFile = guarded(copyFile, half, ([, to]) => to);
  }
  // Only what creates a log seals the one before. A file is opened with a mode if it is created.
  if (point.call === 'open') fs.open = guarded(open, whole, ([path, , mode]) => (mode === undefined ? '' : path));
  if (point.call === 'write' || point.call === 'writeFile') {
    fs.open = async (...args) => {
      const file = await open(...args);
      const write = file.write.bind(file);
      const half = (bytes: Buffer) => write(bytes.subarray(0, Math.floor(bytes.length / 2)));
      // The store gives both of them a buffer and nothing else.
      const original = file[point.call === 'write' ? 'write' : 'writeFile'].bind(file) as (
        bytes: Buffer,
      ) => Promise<unknown>;
      Object.assign(file, { [point.call]: guarded(original, half, () => args[0]) });
      return file;
    };
  }
  syncBuiltinESMExports();
}
