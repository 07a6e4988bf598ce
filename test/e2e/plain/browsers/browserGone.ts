/** A browser has died, or does not answer any more: not what is played in it is at fault. */
export class BrowserGone extends Error {
  override readonly name = 'BrowserGone';
}

/** How long a browser may take for one command, its start among them, on a machine that is busy. */
export const COMMAND_MS = 60_000;
