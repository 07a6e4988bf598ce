import { createRandom, type Random } from './random.ts';
import { SERIES } from './series.ts';

/** How many pictures an actor has. */
const PHOTOS_PER_ACTOR = 25;

/** A picture that need not be painted yet. */
export interface Photo {
  actorId: string;
  /** 0 to 24. */
  index: number;
  filename: string;
  width: number;
  height: number;
}

/** `0001` to `0040`. */
export const ACTOR_IDS: readonly string[] = SERIES.map((_, index) => String(index + 1).padStart(4, '0'));

/** The pictures of an actor, in order; none if there is no such actor. */
export function photosOf(actorId: string): Photo[] {
  if (!ACTOR_IDS.includes(actorId)) return [];
  return Array.from({ length: PHOTOS_PER_ACTOR }, (_, index) => photo(actorId, index));
}

/** The random numbers for a picture, which are always the same for the same picture. */
export function chanceOf(actorId: string, index: number): Random {
  return createRandom(Number(actorId) * 7919 + index * 104_729 + 17);
}

function photo(actorId: string, index: number): Photo {
  const portrait = chanceOf(actorId, index)() < 0.36;
  return {
    actorId,
    index,
    filename: `${actorId}_${String(index).padStart(2, '0')}.jpg`,
    width: portrait ? 800 : 1200,
    height: portrait ? 1200 : 800,
  };
}
