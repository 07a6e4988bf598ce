import * as fc from 'fast-check';
import type { Fault } from './gatedBucket.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const PICTURES = [0, 1, 2] as const;
/** Zero stands for none. */
export const ENTITIES = [1, 2] as const;

/** What can happen, in any order. Uploads and removals are begun, and not waited for: what follows happens in the middle of them. */
export type Step =
  | { do: 'upload' | 'remove'; server: number; entity: number; picture: number }
  | { do: 'remove all'; server: number; entity: number }
  | { do: 'again' | 'cancel'; server: number; job: number }
  | { do: 'kill'; server: number; fate: 'lost' | 'now' | 'later'; isWiped: boolean }
  | { do: 'open'; server: number }
  | { do: 'hold'; server: number; isHeld: boolean }
  /** Of the requests that are held, some arrive. */
  | { do: 'let'; server: number; which: number; count: number }
  | { do: 'faults'; faults: Fault[] }
  | { do: 'may list'; may: boolean }
  | { do: 'jump'; server: number; ms: number }
  | { do: 'pass'; ms: number };

const server = fc.nat(1);
const picture = fc.constantFrom(...PICTURES);
const job = fc.nat(9);
const only = <Value extends string>(value: Value) => fc.constant(value);
const oftenSome = fc.constantFrom(0, 1, 1, 2, 2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: only('upload'), server, entity: oftenSome, picture }) },
  { weight: 5, arbitrary: fc.record({ do: only('remove'), server, entity: fc.constantFrom(...ENTITIES), picture }) },
  fc.record({ do: only('remove all'), server, entity: fc.constantFrom(...ENTITIES) }),
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('again', 'again', 'cancel'), server, job }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: only('kill'),
      server,
      fate: fc.constantFrom('lost', 'now', 'later'),
      isWiped: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: only('open'), server }) },
  { weight: 3, arbitrary: fc.record({ do: only('hold'), server, isHeld: fc.constantFrom(true, true, false) }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: only('let'), server, which: fc.nat(3), count: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: only('faults'),
      faults: fc.array(fc.constantFrom<Fault>('none', 'unreachable', 'transient', 'lost'), { maxLength: 4 }),
    }),
  },
  fc.record({ do: only('may list'), may: fc.boolean() }),
  fc.record({ do: only('jump'), server, ms: fc.integer({ min: -14 * MINUTE, max: 14 * MINUTE }) }),
  { weight: 5, arbitrary: fc.record({ do: only('pass'), ms: fc.constantFrom(5_000, MINUTE, 20 * MINUTE, HOUR) }) },
);

const let_ = (of: number, count: number): Step => ({ do: 'let', server: of, which: 0, count });
const hold = (of: number, isHeld: boolean): Step => ({ do: 'hold', server: of, isHeld });
const open_ = (of: number): Step => ({ do: 'open', server: of });
const pass = (ms: number): Step => ({ do: 'pass', ms });

/** What `stepsOf` makes a race of. */
interface Race {
  picture: number;
  entity: number;
  /** The server that begins. */
  one: number;
  /** Whether another entity has the picture, too; then it drops it, and else it gets it. */
  isKept: boolean;
  /** So many requests of the first server arrive at first: it has begun by then, and has seldom ended. */
  start: number;
  isHeld: boolean;
  /** After that, so many of which server arrive. */
  turns: [server: number, count: number][];
  /** Which server is killed after that. */
  end: { server: number; fate: 'lost' | 'now' | 'later' } | null;
}

/**
 * Two words of a user who does not wait, or one and a sweep, of one picture at two servers, whose requests arrive in turns. Such things
 * hardly ever happen by chance alone.
 */
const raceOf = (graceMs: number): fc.Arbitrary<Step[]> =>
  fc
    .record<Race>({
      picture,
      entity: fc.constantFrom(...ENTITIES),
      one: server,
      isKept: fc.boolean(),
      start: graceMs > 0 ? fc.integer({ min: 1, max: 8 }) : fc.integer({ min: 3, max: 13 }),
      isHeld: fc.boolean(),
      turns: fc.array(fc.tuple(server, fc.integer({ min: 1, max: 3 })), { minLength: 2, maxLength: 8 }),
      end: fc.option(fc.record({ server, fate: fc.constantFrom<'lost' | 'now' | 'later'>('lost', 'now', 'later') })),
    })
    .map((race) => stepsOf(graceMs, race));

function stepsOf(graceMs: number, { picture: its, entity, one, isKept, start, isHeld, turns, end }: Race): Step[] {
  const two = 1 - one;
  const other = 3 - entity;
  const removal: Step = { do: 'remove', server: one, entity, picture: its };
  const end_ = (of: number): Step => ({ do: 'kill', server: of, fate: 'lost', isWiped: false });
  // With a grace period, the first sweep of a server deletes, and without one, the removal does.
  const begin =
    graceMs > 0
      ? [
          removal,
          pass(20_000),
          end_(one),
          end_(two),
          pass(graceMs),
          open_(one),
          hold(one, true),
          pass(6_000),
          open_(two),
        ]
      : [hold(one, true), removal];
  return [
    [open_(one), hold(one, false), open_(two), hold(two, false)],
    { do: 'upload' as const, server: two, entity, picture: its },
    isKept ? [{ do: 'upload' as const, server: one, entity: other, picture: its }] : [],
    pass(20_000),
    begin,
    let_(one, start),
    hold(two, isHeld),
    { do: isKept ? ('remove' as const) : ('upload' as const), server: two, entity: other, picture: its },
    turns.map(([of, count]) => let_(of, count)),
    end ? [{ do: 'kill' as const, ...end, isWiped: false }] : [],
    [hold(one, false), hold(two, false)],
    Array.from({ length: 16 }, () => [let_(one, 1), let_(two, 1)]).flat(),
  ].flat();
}

/**
 * A deletion sees the last reference, and takes the mark away; that reference is dropped in the same moment, and the server of the deletion is killed
 * at each of its next steps.
 */
const killedDeletions = [2, 3, 4].map((count) => ({
  graceMs: 2 * HOUR,
  steps: stepsOf(2 * HOUR, {
    picture: 0,
    entity: 2,
    one: 1,
    isKept: true,
    start: 4,
    isHeld: false,
    turns: [[1, count]],
    end: { server: 1, fate: 'lost' },
  }),
}));

/** Stories that have shown faults. */
export const known: [{ graceMs: number; steps: Step[] }][] = killedDeletions.map((each) => [each]);

/** A grace period, and what happens. */
export const story: fc.Arbitrary<{ graceMs: number; steps: Step[] }> = fc
  .constantFrom(0, 2 * HOUR)
  .chain((graceMs) =>
    fc
      .array(
        fc.oneof({ weight: 2, arbitrary: step.map((each) => [each]) }, { weight: 1, arbitrary: raceOf(graceMs) }),
        { minLength: 4, maxLength: 10, size: 'max' },
      )
      .map((parts) => ({ graceMs, steps: parts.flat() })),
  );
