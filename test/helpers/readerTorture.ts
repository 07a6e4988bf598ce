import { setTimeout as sleep } from 'node:timers/promises';
import { CacheProcess } from './cacheProcess.ts';
import { CRASH_POINT_NAMES, IMAGE_CRASH_POINT_NAMES } from './crashPoints.ts';
import { Origin } from './origin.ts';
import { ReaderLedger } from './readerLedger.ts';

const PROCESSES = 4;
/** Number of simultaneous calls in each process. */
const LANES = 4;
const NAMES = Array.from({ length: 8 }, (_, n) => `photo-${n}`);
const POINTS = [...IMAGE_CRASH_POINT_NAMES, ...IMAGE_CRASH_POINT_NAMES, ...CRASH_POINT_NAMES];
/** On a slow machine it goes on until so much was seen, for a while. */
const ENOUGH = { reads: 20, removals: 1 };
const MAX_LONGER_MS = 20_000;
const MINUTE_MS = 60_000;
const JUMPS_MS = [-25 * 60, -10, 0, 0, 10, 25 * 60].map((minutes) => minutes * MINUTE_MS);

/** Errors that are expected: an image was removed, a process was killed, or another process left something half done. */
const EXPECTED = ['The process has ended', 'NOT_CACHED', 'CACHE_CORRUPT', 'ABORTED'];

export interface ReaderTorture {
  ledger: ReaderLedger;
  complaints: string[];
  kills: number;
  stops: number;
}

/** Lets processes with whole caches read, store and remove images in one directory for some time, and kills and stops them. */
export async function torturedReaders(dir: string, durationMs: number): Promise<ReaderTorture> {
  const torturer = new Torturer(dir, performance.now() + durationMs);
  await Promise.all(Array.from({ length: PROCESSES }, () => torturer.keepKilling()));
  await torturer.lookAtTheEnd();
  return torturer;
}

/** The result in one line. */
export function readersSummary({ ledger, kills, stops }: ReaderTorture): string {
  const { acknowledged, lost, stale, wrong, reads, removals } = ledger;
  const counts = `acknowledged ${acknowledged}, lost ${lost.length}, stale ${stale.length}, wrong ${wrong.length}`;
  return `${counts} (reads ${reads}, removals ${removals}, kills ${kills}, stops ${stops})`;
}

class Torturer implements ReaderTorture {
  readonly #origin = new Origin();
  readonly ledger = new ReaderLedger(this.#origin);
  readonly complaints: string[] = [];
  kills = 0;
  stops = 0;
  readonly #dir: string;
  readonly #until: number;

  constructor(dir: string, until: number) {
    this.#origin.delay = () => sleep(Math.random() < 0.7 ? 0 : Math.random() * 200);
    this.#dir = dir;
    this.#until = until;
  }

  /** Starts a process, and another one each time it was killed. */
  async keepKilling(): Promise<void> {
    while (performance.now() < this.#until + (this.#hasSeenEnough ? 0 : MAX_LONGER_MS)) {
      const victim = await CacheProcess.start(this.#dir, this.#origin, { memoryMaxSize: pick([0, 1e8]) });
      await victim.call('shiftClock', pick(JUMPS_MS));
      if (Math.random() < 0.6) {
        const times = 1 + Math.floor(Math.random() * 3);
        await victim.call(pick(['dieAt', 'stopAt']), pick(POINTS), times);
      }
      // A process that only reads learns about removals in no other way.
      const act = Math.random() < 0.4 ? this.#read : this.#act;
      const work = Array.from({ length: LANES }, () => this.#work(victim, act.bind(this)));
      await Promise.race([this.#torment(victim), victim.ended]);
      await victim.kill();
      this.kills += 1;
      await Promise.all(work);
      this.complaints.push(...victim.printed.filter((line) => !POINTS.some((point) => point === line)));
    }
  }

  /** Checks with a process that is not killed that everything that was acknowledged is there, in the right version. */
  async lookAtTheEnd(): Promise<void> {
    const { ledger } = this;
    await sleep(1000); // after this time each removal counts for each reader
    const last = await CacheProcess.start(this.#dir, this.#origin);
    for (const name of NAMES) {
      const asked = ledger.ask(name, last);
      const { downloads } = this.#origin;
      ledger.saw(asked, await last.call('readUrl', name), 'at the end');
      if (this.#origin.downloads > downloads) ledger.misses(asked, 'at the end');
    }
    const { damaged, missing } = await last.call('verify');
    if (damaged > 0) this.complaints.push(`${damaged} damaged files at the end`);
    if (missing > 0) this.complaints.push(`${missing} missing files at the end`);
    await last.kill();
  }

  get #hasSeenEnough(): boolean {
    return this.ledger.reads > ENOUGH.reads && this.ledger.removals >= ENOUGH.removals;
  }

  async #torment(victim: CacheProcess): Promise<void> {
    const until = performance.now() + 500 + Math.random() * 4500;
    while (performance.now() < until) {
      await sleep(Math.random() * 300);
      if (Math.random() < 0.3) {
        victim.stop();
        this.stops += 1;
        await sleep(Math.random() * (Math.random() < 0.2 ? 1500 : 300));
      }
      victim.wake(); // even if it has stopped by itself
    }
  }

  async #work(victim: CacheProcess, act: (victim: CacheProcess, name: string) => Promise<void>): Promise<void> {
    while (victim.isAlive) {
      try {
        await act(victim, pick(NAMES));
      } catch (error) {
        const text = String(error);
        if (!EXPECTED.some((expected) => text.includes(expected))) this.complaints.push(text);
      }
    }
  }

  async #act(victim: CacheProcess, name: string): Promise<void> {
    const { ledger } = this;
    const dice = Math.random();
    if (dice < 0.4) await this.#read(victim, name);
    else if (dice < 0.5) {
      const asked = ledger.ask(name, victim);
      for (const seen of await victim.call('burst', name, 20)) ledger.saw(asked, seen, 'burst');
    } else if (dice < 0.7) {
      const asked = ledger.ask(name, victim);
      const result = await victim.call(pick(['prefetch', 'revalidate']), name);
      if (result.status !== 'failed') ledger.keeps(asked);
      else if (result.error.code !== 'ABORTED') this.complaints.push(result.error.detail);
    } else if (dice < 0.8) {
      const asked = ledger.ask(name, victim);
      if ((await victim.call('lookup', name)) === undefined) ledger.misses(asked, 'lookup');
    } else if (dice < 0.94) {
      if (Math.random() < 0.7) this.#origin.change(name);
      await this.#remove(victim, [name], () => victim.call('invalidate', name));
      await this.#read(victim, name);
    } else if (dice < 0.96) await this.#remove(victim, NAMES, () => victim.call('clear'));
    else if (dice < 0.98) await victim.call('shiftClock', pick(JUMPS_MS));
    else await victim.call('verify');
  }

  async #read(victim: CacheProcess, name: string): Promise<void> {
    const { ledger } = this;
    const asked = ledger.ask(name, victim);
    const seen = await victim.call('readUrl', name);
    ledger.saw(asked, seen, 'read');
    const again = ledger.ask(name, victim);
    ledger.saw(again, await victim.call('readPath', seen.entry.local_path), 'read by path');
  }

  async #remove(victim: CacheProcess, names: readonly string[], remove: () => Promise<unknown>): Promise<void> {
    const { acknowledged, ended } = this.ledger.remove(names, victim);
    try {
      await remove();
      acknowledged();
    } finally {
      ended();
    }
  }
}

function pick<T>(values: readonly [T, ...T[]] | readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T; // none of the lists is empty
}
