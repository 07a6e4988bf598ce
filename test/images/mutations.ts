interface MutationOptions {
  count: number;
  seed: number;
}

/** Copies of `bytes` with a few random bytes changed: the same ones for the same seed. */
export function* mutations(bytes: Uint8Array, { count, seed }: MutationOptions): Generator<Uint8Array> {
  const random = mulberry32(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let i = 0; i < count; i++) {
    const copy = Uint8Array.from(bytes);
    // Structure is at the beginning for the most part, and 0 and 255 are what lengths are made of.
    const range = random() < 0.5 ? Math.min(120, copy.length) : copy.length;
    for (let change = below(6); change >= 0; change--) {
      copy[below(range)] = [0, 0xff, 0x7f, 0x80, below(256)][below(5)] ?? 0;
    }
    yield random() < 0.2 ? copy.subarray(0, below(copy.length)) : copy;
  }
}

/** A small seeded generator: numbers from 0 up to 1. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
