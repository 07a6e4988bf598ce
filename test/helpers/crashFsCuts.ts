import { type DiskEvent, type Fate, unsafeEvents } from './crashFsEvents.ts';

/** What has just been done is most likely to matter, and not to have been written back. */
const LATEST = 3;

/** What happened to each event that was not safe; those that are not mentioned came through. */
export type PowerCut = ReadonlyMap<number, Fate>;

/**
 * What a power cut after these events may have done, by the rules of a journaling file system that promises no more than
 * POSIX does: what was not synced may be there or not, in whichever order it was written back, and a write in part.
 * A rename is whole or not at all. These are: nothing of it, all of it, all but one of the latest, and a sample of all but
 * one, one alone, one of them torn, and several at random.
 */
export function powerCuts(events: readonly DiskEvent[], sample: number, random: () => number): PowerCut[] {
  const unsafe = unsafeEvents(events);
  if (unsafe.length === 0) return [new Map()];
  const isWrite = (place: number) => events[place]?.op === 'write';
  const one = unsafe.flatMap((place) => [
    lost([place]),
    lost(unsafe.filter((other) => other !== place)),
    ...(isWrite(place) ? (['half', 'zeros'] as const).map((fate): PowerCut => new Map([[place, fate]])) : []),
  ]);
  const several = one.map((): PowerCut => {
    const fates = unsafe.map((place): [number, Fate | undefined] => [place, anyFate(isWrite(place), random())]);
    return new Map(fates.filter((each): each is [number, Fate] => each[1] !== undefined));
  });
  const sampled = Array.from({ length: sample }, (_, n) => {
    const kind = n % 2 === 0 ? one : several;
    return kind[Math.floor(random() * kind.length)] ?? lost(unsafe);
  });
  return [lost([]), lost(unsafe), ...unsafe.slice(-LATEST).map((place) => lost([place])), ...sampled];
}

function lost(places: readonly number[]): PowerCut {
  return new Map(places.map((place) => [place, 'lost']));
}

function anyFate(isWrite: boolean, dice: number): Fate | undefined {
  if (dice < 0.4) return 'lost';
  if (dice > 0.6 || !isWrite) return undefined;
  return dice < 0.5 ? 'half' : 'zeros';
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
