import { type After, afterTimeout } from '../../after.ts';
import type { CacheLogger } from '../../cache/index.ts';
import { ImageCacheError } from '../../errors.ts';
import type { SimulationRequest, SimulationStatus } from '../../inspectorProtocol.ts';
import { createRecentMap } from '../../recentMap.ts';
import { PRESETS } from './presets.ts';
import { WaitingRoom } from './waitingRoom.ts';
import { inWords, onlyWhat } from './words.ts';

/** A simulation ends by itself, so that one that was forgotten does no harm for long. */
export const MAX_MS = 10 * 60_000;
/** Images that have waited in a prefetch, and that a page is about to load. */
const MAX_PASSED = 1000;

export interface SimulationSettings {
  logger: Pick<CacheLogger, 'info'>;
  /** Called when what it kept from pages can be had again. */
  onRecovered: () => void;
  /** Milliseconds since the epoch. */
  now?: () => number;
  after?: After;
}

/** A simulation that is on. */
export interface RunningSimulation {
  readonly status: Omit<SimulationStatus, 'held'>;
  readonly room: WaitingRoom;
  /** The keys of images that have waited in a prefetch. Their next request by path does not wait once more. */
  readonly passed: ReturnType<typeof createRecentMap<number>>;
  /** How long a miss takes here; asked once, by the first image that waits for so long. */
  missMs?: Promise<number | undefined>;
}

/**
 * The simulation that a developer has switched on, if any. It is in memory alone: after a restart there is none. It concerns only answers
 * (`door.ts`); the cache behind them does not know of it.
 */
export class Simulation {
  readonly #settings: Required<SimulationSettings>;
  #running: RunningSimulation | undefined;
  readonly #listeners = new Set<(isOn: boolean) => void>();
  #cancelEnd = (): void => undefined;

  constructor(settings: SimulationSettings) {
    this.#settings = { now: Date.now, after: afterTimeout, ...settings };
  }

  /** The one that is on. */
  get running(): RunningSimulation | undefined {
    return this.#running;
  }

  /** Calls the listener when a simulation begins, and when it has ended. */
  onChange(listener: (isOn: boolean) => void): void {
    this.#listeners.add(listener);
  }

  /** What the inspector shows of it; `null` if there is none. */
  get status(): SimulationStatus | null {
    const running = this.#running;
    return running === undefined ? null : { ...running.status, held: running.room.size };
  }

  /**
   * Begins a simulation. One that is on ends, and pages try again under the new one.
   * @throws ImageCacheError INVALID_BODY if it would end later than in ten minutes, or has ended already
   */
  begin({ preset: name, until: wanted, ...rest }: SimulationRequest): void {
    const { logger, now, after, onRecovered } = this.#settings;
    const started_at = now();
    const until = wanted ?? started_at + MAX_MS;
    if (until <= started_at || until > started_at + MAX_MS) throw badEnd();
    const preset = PRESETS.find((each) => each.name === name);
    const what = { ...preset?.effects, ...rest };
    const before = this.#running;
    this.#running = {
      status: { ...(preset && { preset: preset.name }), ...what, started_at, until, detail: inWords(what) },
      room: new WaitingRoom(after),
      passed: createRecentMap<number>(MAX_PASSED),
    };
    this.#cancelEnd();
    this.#cancelEnd = after(until - started_at, () => this.end('after its time'));
    before?.room.close();
    logger.info(
      `Simulation: ${inWords(what)}${onlyWhat(what)}. It ends by itself at ${new Date(until).toTimeString().slice(0, 8)}, in the inspector, or by DELETE /simulate.`,
    );
    this.#tell(true);
    if (before !== undefined) onRecovered();
  }

  /** Ends it, and lets go what waits. @param why for the terminal */
  end(why = ''): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.#cancelEnd();
    running.room.close();
    this.#settings.logger.info(`Simulation ended${why === '' ? '' : ` ${why}`}: images are answered as usual.`);
    this.#tell(false);
    this.#settings.onRecovered();
  }

  #tell(isOn: boolean): void {
    for (const listener of this.#listeners) listener(isOn);
  }
}

function badEnd(): ImageCacheError {
  return new ImageCacheError('INVALID_BODY', '`until`: must be in the next ten minutes.', {
    hint: 'Leave it out: a simulation ends after ten minutes by itself, or by DELETE /simulate.',
  });
}
