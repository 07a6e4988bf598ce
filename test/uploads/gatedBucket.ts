import { failureOf, type BucketHooks } from './memoryBucket.ts';

/** How the bucket treats a request. `lost`: it does it, and its answer does not come. */
export type Fault = 'none' | 'unreachable' | 'transient' | 'lost';

/** Requests of one machine, which can be held in the network, and end with the machine. */
export interface Line {
  readonly hooks: BucketHooks;
  isHeld: boolean;
  /** Lets some of what is held arrive, whichever comes first. */
  release(which: number): void;
  /** The machine is gone: what was on its way is lost, or arrives, now or later. */
  cut(fate: (request: string) => 'lost' | 'now' | 'later'): void;
}

interface LineOptions {
  /** By the clock of the bucket. */
  now: () => number;
  /** By the clock of the machine, which signs requests. */
  machineNow: () => number;
  later: () => Promise<void>;
  nextFault: (request: string) => Fault | 'forbidden';
  /** Told of each request that has failed, or may have. */
  failed: (request: string) => void;
}

/** A signature is good for so long before and after the time that it was made, by the clock of the bucket, as S3 has it. */
const SIGNED_MS = 15 * 60_000;

export const never = (): Promise<never> => new Promise(() => {});

export function createLine({ now, machineNow, later, nextFault, failed }: LineOptions): Line {
  let isCut = false;
  const held: { request: string; arrive: () => void }[] = [];
  const lost = new Set<string>();

  function fail(request: string, kind: Parameters<typeof failureOf>[0]): never {
    failed(request);
    throw failureOf(kind);
  }

  const line: Line = {
    isHeld: false,
    hooks: {
      async before(request) {
        if (isCut) return never();
        const signedAt = machineNow();
        if (line.isHeld) await new Promise<void>((arrive) => held.push({ request, arrive }));
        if (Math.abs(now() - signedAt) > SIGNED_MS) fail(request, 'transient');
        if (isCut) return; // on its way when the machine went
        const fault = nextFault(request);
        if (fault === 'forbidden') fail(request, 'blocked');
        if (fault === 'unreachable' || fault === 'transient') fail(request, fault);
        if (fault === 'lost') lost.add(request);
      },
      async after(request) {
        if (isCut) return never();
        if (lost.delete(request)) fail(request, 'unreachable');
      },
    },
    release(which) {
      const [one] = held.splice(which % Math.max(held.length, 1), 1);
      one?.arrive();
    },
    cut(fate) {
      isCut = true;
      for (const { request, arrive } of held.splice(0)) {
        failed(request);
        const way = fate(request);
        if (way === 'now') arrive();
        if (way === 'later') void later().then(arrive);
      }
    },
  };
  return line;
}
