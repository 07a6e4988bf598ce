/** A record of an upload that has come to its end, as far as its owner is known. */
interface Owned {
  record: { owner: string } | undefined;
}

/**
 * The records that are too many: the oldest of those owners who have the most, so that nobody pushes out the records of others, whatever ids they
 * make up.
 * @param done the newest first
 */
export function surplusOf<Record extends Owned>(done: readonly Record[], max: number): Record[] {
  // Each has a rank among those of its owner: the newest ones of all owners come first, then the second ones, and so on.
  const counts = new Map<string | undefined, number>();
  const ranked = done.map((each) => {
    const owner = each.record?.owner;
    const rank = counts.get(owner) ?? 0;
    counts.set(owner, rank + 1);
    return { each, rank };
  });
  const kept = ranked.toSorted((a, b) => a.rank - b.rank);
  return kept.slice(max).map(({ each }) => each);
}
