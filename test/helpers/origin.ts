/** Where a download, or the compression of an image, can be held up. */
export type Gate = 'first byte' | 'last byte' | 'compression';

export interface Held {
  /** Resolves when a request has reached the gate. */
  reached: Promise<void>;
  release: () => void;
}

/** The origin of several processes, whose objects change and whose answers can be held up. It lives in the test, and they ask it. */
export class Origin {
  readonly #versions = new Map<string, number>();
  readonly #gates = new Map<Gate, { arrive: () => void; released: Promise<void> }>();
  /** How long each answer takes. */
  delay: () => Promise<unknown> = () => Promise.resolve();
  /** Downloads that were begun. */
  downloads = 0;

  version(name: string): number {
    return this.#versions.get(name) ?? 1;
  }

  /** Returns the new version. */
  change(name: string): number {
    const version = this.version(name) + 1;
    this.#versions.set(name, version);
    return version;
  }

  /** Holds up the next one that comes to the gate. */
  hold(gate: Gate): Held {
    const reached = deferred();
    const released = deferred();
    this.#gates.set(gate, { arrive: reached.resolve, released: released.promise });
    return { reached: reached.promise, release: released.resolve };
  }

  /** The object's version when it was asked for, whenever the answer comes. */
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

/** What an object is in a version; it says so itself. */
export function versionBody(name: string, version: number): Buffer {
  const head = `${name} v${version}\n`;
  return Buffer.from(head.padEnd(2000, '.'));
}

/** The name and the version that bytes say of themselves. */
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
