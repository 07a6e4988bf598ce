import type { Seen } from './cacheCommands.ts';
import { type Origin, versionBody } from './origin.ts';
import { sha256 } from '../../plugin/cache/files/layout.ts';

/** How long a process may serve what it knows without looking for changes by others. */
const KNOWN_FOR_MS = 1000;

interface Removal {
  at: number;
  /** The version of the object when the removal was requested. Older versions must not be read after it was acknowledged. */
  version: number;
  process: object;
}

/** A request for an image, and what was known when it was sent. */
export interface Asked {
  name: string;
  /** The version that was current at the last removal that the reader must know of. */
  floor: number;
  /** Number of removals of the object that were begun by then. */
  removals: number;
  isStored: boolean;
  /** False while a removal of the object is running, or the reader need not know yet that one has happened. */
  isSettled: boolean;
}

/**
 * What readers of several processes may see. A body must be of a version that was current since the last acknowledged removal of its
 * object; a removal by another process counts as soon as the reader's process must have noticed it. An object that was acknowledged as
 * stored must be there until a removal is begun.
 */
export class ReaderLedger {
  acknowledged = 0;
  reads = 0;
  removals = 0;
  readonly lost: string[] = [];
  readonly stale: string[] = [];
  readonly wrong: string[] = [];
  readonly #origin: Origin;
  readonly #acknowledged = new Map<string, Removal[]>();
  readonly #begun = new Map<string, number>();
  /** Removals that may still have an effect: those that are running, and those of processes that were killed, by the time of their end. */
  readonly #unsettled = new Map<string, Map<symbol, number>>();
  readonly #stored = new Set<string>();

  constructor(origin: Origin) {
    this.#origin = origin;
  }

  /** Objects that must be there. */
  get stored(): ReadonlySet<string> {
    return this.#stored;
  }

  ask(name: string, process: object): Asked {
    const now = performance.now();
    const known = (this.#acknowledged.get(name) ?? []).filter(
      (removal) => removal.process === process || now - removal.at >= KNOWN_FOR_MS,
    );
    return {
      name,
      floor: Math.max(1, ...known.map(({ version }) => version)),
      removals: this.#begun.get(name) ?? 0,
      isStored: this.#stored.has(name),
      isSettled: [...(this.#unsettled.get(name)?.values() ?? [])].every((endedAt) => now - endedAt >= KNOWN_FOR_MS),
    };
  }

  /** Notes that a removal was requested. Returns functions to call when it was acknowledged, and when it can have no further effect. */
  remove(names: readonly string[], process: object): { acknowledged: () => void; ended: () => void } {
    const versions = names.map((name) => this.#origin.version(name));
    const id = Symbol('removal');
    let isAcknowledged = false;
    for (const name of names) {
      this.#begun.set(name, (this.#begun.get(name) ?? 0) + 1);
      const unsettled = this.#unsettled.get(name) ?? new Map<symbol, number>();
      this.#unsettled.set(name, unsettled.set(id, Number.POSITIVE_INFINITY));
      this.#stored.delete(name);
    }
    return {
      acknowledged: () => {
        isAcknowledged = true;
        this.acknowledged += 1;
        this.removals += 1;
        for (const [n, name] of names.entries()) {
          const before = this.#acknowledged.get(name) ?? [];
          const removal = { at: performance.now(), version: versions[n] ?? 1, process };
          this.#acknowledged.set(name, [...before.slice(-20), removal]);
        }
      },
      ended: () => {
        // A process that was killed may have written the record and left the file. Others say for a moment that the image is cached.
        for (const name of names) {
          if (isAcknowledged) this.#unsettled.get(name)?.delete(id);
          else this.#unsettled.get(name)?.set(id, performance.now());
        }
      },
    };
  }

  saw({ name, floor }: Asked, { version, sha256: digest, entry }: Seen, how: string): void {
    this.acknowledged += 1;
    this.reads += 1;
    if (version < floor) this.stale.push(`${how}: ${name} is v${version}, not v${floor} or later`);
    const isWhole = sha256(versionBody(name, version)) === digest && digest === entry.sha256;
    const isPaired = entry.etag === '' || entry.etag === `"${name} v${version}"`;
    if (!isWhole || !isPaired || entry.s3_url !== `mem:${name}`) {
      this.wrong.push(`${how}: ${name} is v${version}, ${digest.slice(0, 8)}, with ${JSON.stringify(entry)}`);
    }
  }

  /** Notes that the object is in the cache. */
  keeps({ name, removals, isSettled }: Asked): void {
    this.acknowledged += 1;
    if (isSettled && removals === (this.#begun.get(name) ?? 0)) this.#stored.add(name);
  }

  /** Notes that the object was looked for, and is not there. */
  misses({ name, removals, isStored }: Asked, how: string): void {
    if (isStored && removals === (this.#begun.get(name) ?? 0))
      this.lost.push(`${how}: ${name} was stored, and is gone`);
  }
}
