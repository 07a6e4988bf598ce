import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Door, type DoorOptions, openDoor } from './door.ts';
import { MODES, type Mode } from './modes.ts';

/** Adds a case: what is promised, and what is done to a door to see it. */
type AddCase = (numbers: string, promise: string, act: (door: Door) => Promise<void>) => void;

/**
 * The same cases at every door: `T2 [dev, base /sub/]: …`. Each door is opened once for all of them. After each case the
 * process lives, nothing was lost, nothing lies outside the cache directory that did not before, and no signature and
 * no foreign file stood in an answer, a log, or a file.
 */
export function describeEveryDoor(
  define: (add: AddCase, mode: Mode) => void,
  { modes = MODES, ...options }: DoorOptions & { modes?: readonly Mode[] } = {},
): void {
  describe.each(modes)('at the door: $name', (mode) => {
    let door: Door | undefined;
    const faults: unknown[] = [];
    const onFault = (fault: unknown) => faults.push(fault);
    beforeAll(async () => {
      process.on('unhandledRejection', onFault).on('uncaughtException', onFault);
      door = await openDoor(mode, options);
    }, 30_000);
    afterAll(async () => {
      await door?.close();
      process.off('unhandledRejection', onFault).off('uncaughtException', onFault);
    });
    define((numbers, promise, act) => {
      it(`${numbers} [${mode.name}]: ${promise}`, async () => {
        if (door === undefined) throw new Error('the door did not open');
        await act(door);
        await door.expectUnharmed();
        expect(faults).toEqual([]);
      }, 60_000);
    }, mode);
  });
}

/** Calls at most eight at a time: as many connections as the client keeps. */
export async function eachOf<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items].values(); // one for all
  const work = async () => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}
