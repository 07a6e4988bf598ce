import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { UploadStatus } from '../../plugin/uploadProtocol.ts';
import { Outbox, Uploads } from '../../plugin/uploads/index.ts';
import { OutboxFolder } from '../../plugin/uploads/outboxFolder.ts';
import { LOCK } from '../../plugin/uploads/outboxLayout.ts';
import type { FakeClock } from './fakes.ts';
import { createLine, type Fault, type Line, never } from './gatedBucket.ts';
import type { MemoryBucket } from './memoryBucket.ts';

/** A server process, on a directory that outlives it. */
export interface Machine {
  readonly uploads: Uploads;
  readonly outbox: Outbox;
  readonly dir: string;
  readonly line: Line;
  /** Its clock is set. */
  jump(ms: number): void;
  /** Ends it at whatever it does. Nothing that it had begun comes to an end. */
  kill(fate: Parameters<Line['cut']>[0]): Promise<void>;
  /** Resolves when it is killed. */
  readonly killed: Promise<void>;
}

interface MachineOptions {
  dir: string;
  bucket: MemoryBucket;
  clock: FakeClock;
  graceMs: number;
  nextFault: (request: string) => Fault | 'forbidden';
  failed: (request: string) => void;
  changed: (status: UploadStatus) => void;
}

export function openMachine({ dir, bucket, clock, graceMs, nextFault, failed, changed }: MachineOptions): Machine {
  let isAlive = true;
  let clockOff = 0;
  let hasLock = false;
  let tellKilled = () => {};
  const killed = new Promise<void>((resolve) => (tellKilled = resolve));
  const now = () => clock.now() + clockOff;
  const line = createLine({
    now: () => clock.now(),
    machineNow: now,
    later: () => clock.sleep(10 * 60_000, new AbortController().signal),
    nextFault,
    failed,
  });
  const outbox = new Outbox({ dir, now, warn: () => undefined });
  endWith(outbox.folder, () => isAlive);
  const holdLock = outbox.folder.holdLock.bind(outbox.folder);
  outbox.folder.holdLock = async () => {
    hasLock = true;
    await holdLock();
  };
  const uploads = new Uploads({
    outbox,
    bucket: bucket.as(line.hooks),
    clock: {
      now,
      random: () => 0.5,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        if (!isAlive) await never();
      },
    },
    cache: {
      take: async () => undefined,
      stored: async () => undefined,
      read: async () => undefined,
      forget: async () => undefined,
      yieldToImages: async () => undefined,
    },
    inspect: () => ({ contentType: 'image/jpeg', extension: 'jpg' }),
    prefix: 'uploads',
    maxFileSize: 1e6,
    maxOutboxSize: 1e9,
    deletion: { project: 'app', isReferenced: undefined, graceMs },
    isOffline: false,
    restoreMissing: false,
    logger: { info: () => undefined, warn: () => undefined },
  });
  uploads.onChange((status) => isAlive && changed(status));
  uploads.start();
  return {
    uploads,
    outbox,
    dir,
    line,
    jump(ms) {
      clockOff = Math.max(-MAX_OFF, Math.min(MAX_OFF, clockOff + ms));
    },
    async kill(fate) {
      isAlive = false;
      line.cut(fate);
      tellKilled();
      // As a process that has ended is known to have: here it is one and the same.
      if (hasLock) await rmdir(join(dir, LOCK)).catch(() => undefined);
    },
    killed,
  };
}

/** With a larger difference, S3 takes no request of it. */
const MAX_OFF = 14 * 60_000;

/** What a process that was killed had under way on the disk may still happen; its promises have no end. */
function endWith(folder: OutboxFolder, isAlive: () => boolean): void {
  for (const name of Object.getOwnPropertyNames(OutboxFolder.prototype)) {
    const method: unknown = Reflect.get(folder, name);
    if (name === 'constructor' || typeof method !== 'function') continue;
    const ended = async (...args: unknown[]): Promise<unknown> => {
      if (!isAlive()) return never();
      try {
        return await (Reflect.apply(method, folder, args) as Promise<unknown>); // all of them are asynchronous
      } finally {
        if (!isAlive()) await never();
      }
    };
    Reflect.set(folder, name, ended);
  }
}
