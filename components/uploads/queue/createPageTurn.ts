import type { UploadsEnvironment } from '../environment.ts';

/** While the page waits for pictures, it is looked at this often. */
const LOOK_MS = 250;
/** An image that never comes does not keep uploads from being sent for longer. */
const MAX_WAIT_MS = 10_000;

/** Uploads yield to the pictures that the page waits for: a browser has six connections to a host on HTTP/1.1. */
export interface PageTurn {
  /** Whether uploads may start now. */
  isOurs(): boolean;
  /** When to look again, in milliseconds since the epoch; 0 if nothing is waited for. */
  nextLook(): number;
}

export function createPageTurn(env: UploadsEnvironment): PageTurn {
  let since: number | undefined;
  return {
    isOurs() {
      const now = env.now();
      if (!env.isPageBusy()) since = undefined;
      else since ??= now;
      return since === undefined || now < since || now - since >= MAX_WAIT_MS;
    },
    nextLook: () => (since === undefined ? 0 : env.now() + LOOK_MS),
  };
}
