import type { Tabs } from './tabs.ts';

/** Who works ahead: of the tabs of a browser, one at a time. */
export interface WorkTurn {
  readonly isMine: boolean;
  /** There is work; `start` is called when it is this tab's turn. */
  take(start: () => void): void;
  /** There is no work left, or none that can be done now. */
  giveBack(): void;
}

/** Messages and locks travel apart: what was said before a turn ended should arrive before the next one begins. */
const HAND_OVER_MS = 50;

/** Where there is nobody to take turns with. */
export const alwaysMine: WorkTurn = { isMine: true, take() {}, giveBack() {} };

/**
 * @param getTabs `undefined` while this tab has not met others; then it is always its turn
 * @param beforeHandOver the next tab should know what has been done before it begins
 */
export function turnAmong(getTabs: () => Tabs | undefined, beforeHandOver: () => void): WorkTurn {
  let held: AbortController | undefined;
  let isMine = false;
  let handingOver: ReturnType<typeof setTimeout> | undefined;

  function release(): void {
    held?.abort();
    held = undefined;
    handingOver = undefined;
    isMine = false;
  }

  return {
    get isMine() {
      return isMine || !getTabs();
    },
    take(start) {
      clearTimeout(handingOver);
      handingOver = undefined;
      const tabs = getTabs();
      if (!tabs || held) return;
      held = new AbortController();
      tabs.lead(() => {
        isMine = true;
        start();
      }, held.signal);
    },
    giveBack() {
      if (!isMine) return release();
      if (handingOver !== undefined) return;
      beforeHandOver();
      handingOver = setTimeout(release, HAND_OVER_MS);
    },
  };
}
