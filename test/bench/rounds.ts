/**
 * Measures every contender in turn, round by round, since what else the machine does comes and goes: a ratio is the
 * median of those within the rounds.
 */
export async function measureInRounds<Name extends string, Result>(
  count: number,
  contenders: readonly { name: Name; measure: () => Promise<Result> }[],
): Promise<Rounds<Name, Result>> {
  const rounds: Map<Name, Result>[] = [];
  for (let round = 0; round < count; round += 1) {
    const results = new Map<Name, Result>();
    for (const { name, measure } of contenders) results.set(name, await measure());
    rounds.push(results);
  }
  return new Rounds(rounds);
}

export class Rounds<Name extends string, Result> {
  readonly #rounds: readonly ReadonlyMap<Name, Result>[];

  constructor(rounds: readonly ReadonlyMap<Name, Result>[]) {
    this.#rounds = rounds;
  }

  /** Those of every round. */
  all(name: Name): Result[] {
    return this.#rounds.flatMap((round) => round.get(name) ?? []);
  }

  /** `undefined` for a contender that was absent. */
  median(name: Name, valueOf: (result: Result) => number): number | undefined {
    const results = this.all(name);
    return results.length === 0 ? undefined : median(results.map(valueOf));
  }

  /** How many times what the other one has; `undefined` when either was absent. */
  ratio(name: Name, other: Name, valueOf: (result: Result) => number): number | undefined {
    const ratios = this.#rounds.flatMap((round) => {
      const [mine, theirs] = [round.get(name), round.get(other)];
      return mine === undefined || theirs === undefined ? [] : [valueOf(mine) / valueOf(theirs)];
    });
    return ratios.length === 0 ? undefined : median(ratios);
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [lower = Number.NaN, upper = lower] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return (lower + upper) / 2;
}
