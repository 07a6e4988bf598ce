/** The points at which a download, or the compression of an image, can be held up. */
export type Gate = 'first byte' | 'last byte' | 'compression';

export interface Held {
  /** Resolves when a request has reached the gate. */
  reached: Promise<void>;
  release: () => void;
}

/** The origin of several processes, whose objects change and whose answers can be held up. It is in the process of the test, and the others ask it by messages. */
export class Origin {
  readonly #versions = new Map<string, number>();
  readonly #gates = new Map<Gate, { arrive: () => void; released: Promise<void> }>();
  /** Delays each answer. */
  delay: () => Promise<unknown> = () => Promise.resolve();
  /** Number of downloads that were begun. */
  downloads = 0;

  version(name: string): number {
    return this.#versions.get(name) ?? 1;
  }

  /** Changes an object, and returns its new version. */
  change(name: string): number {
    const version = this.version(name) + 1;
    this.#versions.set(name, version);
    return version;
  }

  /** Holds up the next request that reaches the gate. */
  hold(gate: Gate): Held {
    const reached = deferred();
    const released = deferred();
    this.#gates.set(gate, { arrive: reached.resolve, released: released.promise });
    return { reached: reached.promise, release: released.resolve };
  }

  /** Returns the version that the object had at the time of the request, even if the answer is delayed. */
  async answer(name: string, gate: Gate): Promise<number> {
    const version = this.version(name);
    if (gate === 'first byte') this.downloads += 1;
    const held = this.#gates.get(gate);
    this.#gates.delete(gate);
    held?.arrive();
    await held?.released;
    await this.delay();
    return version;
  }
}

/** The bytes of an object in a version. They contain its name and the version. */
export function versionBody(name: string, version: number): Buffer {
  const head = `${name} v${version}\n`;
  return Buffer.from(head.padEnd(2000, '.'));
}

/** The name and the version that the bytes contain. */
export function versionOf(body: Uint8Array): { name: string; version: number } {
  const [, name = '', version = '0'] = /^(\S+) v(\d+)\n/.exec(Buffer.from(body).toString()) ?? [];
  return { name, version: Number(version) };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((onResolve) => {
    resolve = onResolve;
  });
  return { promise, resolve };
}
