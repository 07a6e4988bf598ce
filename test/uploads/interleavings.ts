/** Awaited by an actor before each of its steps. */
type Turn = () => Promise<void>;
export type Actor = (turn: Turn) => Promise<void>;

/** Lets actors take their steps in the order that `choose` says. Resolves when all have come to their end. */
export async function interleave(
  actors: readonly Actor[],
  choose: (waiting: readonly number[]) => number,
): Promise<void> {
  const waiting = new Map<number, () => void>();
  let running = actors.length;
  let settled = () => {};
  const pause = () => new Promise<void>((resolve) => (settled = resolve));
  const rest = () => {
    running -= 1;
    if (running === 0) settled();
  };
  let quiet = pause();
  const ended = actors.map((actor, index) =>
    actor(
      () =>
        new Promise((resolve) => {
          waiting.set(index, resolve);
          rest();
        }),
    ).finally(rest),
  );
  for (;;) {
    await quiet;
    if (waiting.size === 0) break;
    const index = choose([...waiting.keys()].toSorted((a, b) => a - b));
    const go = waiting.get(index);
    waiting.delete(index);
    running = 1;
    quiet = pause();
    go?.();
  }
  await Promise.all(ended);
}

/** Runs a scenario in every order of the steps of its actors. Returns in how many. */
export async function inEveryOrder(
  scenario: (choose: (waiting: readonly number[]) => number) => Promise<void>,
): Promise<number> {
  let path: { chosen: number; of: number }[] = [];
  for (let count = 1; ; count += 1) {
    let at = 0;
    await scenario((waiting) => {
      const choice = (path[at] ??= { chosen: 0, of: waiting.length });
      at += 1;
      return waiting[choice.chosen] ?? -1;
    });
    while (path.length > 0) {
      const last = path.at(-1);
      if (last !== undefined && last.chosen + 1 < last.of) break;
      path.pop();
    }
    const last = path.at(-1);
    if (last === undefined) return count;
    path = [...path.slice(0, -1), { ...last, chosen: last.chosen + 1 }];
  }
}

/** Runs a scenario in orders that follow from a seed. */
export async function inSomeOrders(
  count: number,
  scenario: (choose: (waiting: readonly number[]) => number) => Promise<void>,
): Promise<void> {
  let state = 42;
  const random = () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  for (let n = 0; n < count; n += 1) {
    await scenario((waiting) => waiting[Math.floor(random() * waiting.length)] ?? -1);
  }
}
