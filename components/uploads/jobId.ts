/** Hands out the ids of a tab: 48 bits of time and 80 random ones, 32 hexadecimal digits that sort in the order in which they were made. */
export function createJobIds(now: () => number, randomBytes: (length: number) => Uint8Array): () => string {
  let last = 0;
  return () => {
    // Pictures of one call are made in the same millisecond.
    last = Math.max(now(), last + 1);
    const random = Array.from(randomBytes(10), (byte) => byte.toString(16).padStart(2, '0')).join('');
    return last.toString(16).padStart(12, '0').slice(-12) + random;
  };
}
