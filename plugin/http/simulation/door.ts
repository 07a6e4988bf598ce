import type { IncomingMessage } from 'node:http';
import type { ImageCache } from '../../cache/index.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { isConcerned } from './isConcerned.ts';
import type { RunningSimulation, Simulation } from './simulation.ts';
import { type SimulatedError, simulatedError } from './simulatedError.ts';
import type { RequestKind } from './waitingRoom.ts';
import { asHeader } from './words.ts';

/** How long a miss takes where there was none yet. */
const USUAL_MISS_MS = 500;

/** An image as a request names it, and who asks. */
export interface Visit {
  request: IncomingMessage;
  kind: RequestKind;
  /** Any URL of the object, or the `local_path` of an entry. */
  image: { url: string } | { path: string };
  actorId: string | undefined;
  /** Aborted when the client has left. */
  signal: AbortSignal;
}

/** What becomes of a request for an image; `how` is for the header of its answer. */
export type Fate =
  /** It is answered as if there were no simulation. */
  | { is: 'usual' }
  /** It has waited, and is now answered by the cache. `isCold`: a hit is to look like a miss. */
  | { is: 'late'; how: string; isCold: boolean }
  | { is: 'failed'; how: string; key: string; error: SimulatedError }
  /** Half of the image is to be sent. */
  | { is: 'cut'; how: string; key: string; entry: ManifestEntry }
  | { is: 'left'; key: string };

const USUAL: Fate = { is: 'usual' };

/**
 * Decides what becomes of a request while a simulation is on. The cache is asked for no more than whether it has the image, so nothing
 * that is simulated can be stored, counted, logged or learnt from; what waits here is timed only when it goes on.
 */
export class Door {
  readonly #simulation: Simulation;
  readonly #cache: ImageCache;

  constructor(simulation: Simulation, cache: ImageCache) {
    this.#simulation = simulation;
    this.#cache = cache;
  }

  /** Whether a simulation is on. */
  get isOn(): boolean {
    return this.#simulation.running !== undefined;
  }

  /** The header of an answer about many images while a simulation is on. */
  get header(): string | undefined {
    const { running } = this.#simulation;
    return running && asHeader(running.status);
  }

  /** Whether a page should believe that this image is not cached, so that it asks for it and gets to the door. */
  hides({ s3_url, actor_id }: ManifestEntry): boolean {
    const { running } = this.#simulation;
    return (
      running !== undefined &&
      running.status.offline !== true &&
      isConcerned({ key: s3_url, actorIds: [actor_id] }, running.status)
    );
  }

  /** Resolves when it is decided, which may take until the end of the simulation. */
  async pass(visit: Visit): Promise<Fate> {
    const { running } = this.#simulation;
    if (running === undefined) return USUAL;
    const found = await this.#find(visit);
    if (found === undefined) return USUAL;
    const { key, entry } = found;
    const { status } = running;
    const { delay_ms, hold, fail, cut, cold, offline } = status;
    const actorIds = [visit.actorId, entry?.actor_id].filter((id) => id !== undefined);
    if (!isConcerned({ key, actorIds }, status)) return USUAL;
    const isByPath = 'path' in visit.image;
    if (isByPath && running.passed.delete(key)) return USUAL;
    if ((offline === true && entry !== undefined) || (cold === true && entry === undefined)) return USUAL;

    const how = asHeader(status);
    const wait = cold === true ? (delay_ms ?? 0) + (await this.#missMs(running)) : delay_ms;
    if (hold === true || wait !== undefined) {
      const { request, kind, signal } = visit;
      const end = await (running.room.wait({ request, kind, ms: hold === true ? undefined : wait, signal }) ?? 'ended');
      if (end === 'left') return { is: 'left', key };
      if (end === 'ended') return USUAL;
    }
    const code = fail ?? (offline === true ? 'UPSTREAM_UNREACHABLE' : undefined);
    if (code !== undefined) return { is: 'failed', how, key, error: simulatedError(code) };
    if (cut === true) {
      if (entry !== undefined && visit.kind === 'image') return { is: 'cut', how, key, entry };
      return { is: 'failed', how, key, error: simulatedError('UPSTREAM_TRUNCATED') };
    }
    if (visit.kind !== 'image') running.passed.set(key, 1);
    return { is: 'late', how, isCold: cold === true };
  }

  /** The object that is named, and its entry; `undefined` for one that the cache will refuse. */
  async #find({ image }: Visit): Promise<{ key: string; entry: ManifestEntry | undefined } | undefined> {
    try {
      if ('path' in image) {
        const entry = await this.#cache.findPath(image.path);
        return entry && { key: entry.s3_url, entry };
      }
      const ref = this.#cache.identify(image.url);
      return { key: ref.key, entry: await this.#cache.known(ref) };
    } catch {
      return undefined;
    }
  }

  async #missMs(running: RunningSimulation): Promise<number> {
    running.missMs ??= this.#cache.insight.missMs().catch(() => undefined);
    return (await running.missMs) ?? USUAL_MISS_MS;
  }
}
