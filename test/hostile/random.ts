/** Random choices that are the same in every run: a failure names its input, and comes back. */
export interface Random {
  /** From 0 up to, but not including, `below`. */
  integer(below: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** One UTF-16 unit of a text. */
  character(from: string): string;
}

/** Mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed;
  function integer(below: number): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }
  return {
    integer,
    pick: (choices) => choices[integer(choices.length)] ?? choices[0],
    character: (from) => from.charAt(integer(from.length)),
  };
}
