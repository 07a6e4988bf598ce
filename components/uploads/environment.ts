/** As much of a BroadcastChannel as is used. */
export interface TabPort {
  post(message: unknown): void;
  close(): void;
}

/** What the uploads need of a browser; tests have one of their own. */
export interface UploadsEnvironment {
  /** Milliseconds since the epoch; may jump. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  /** @returns a function that cancels */
  after(ms: number, run: () => void): () => void;
  randomBytes(length: number): Uint8Array;
  /** `undefined` in insecure contexts (a phone on http and a LAN address). */
  readonly locks: Pick<LockManager, 'request'> | undefined;
  /** Messages between the tabs of this browser. */
  openPort(name: string, onMessage: (message: unknown) => void): TabPort;
  isOnline(): boolean;
  isHidden(): boolean;
  /** Whether the page waits for pictures, which go first. */
  isPageBusy(): boolean;
  /** `offline`: the network is gone; `reached`: it may be back, or the user is; `left`: the page is kept for the back button or goes away; `shown`: it is back; `hidden`. */
  onPage(listener: (event: 'offline' | 'reached' | 'left' | 'shown' | 'hidden') => void): () => void;
  /** Has the browser ask before the page is left. @returns a function that ends it */
  holdPage(): () => void;
  /** Tells developers something. */
  warn(text: string): void;
  readonly storage: Pick<StorageManager, 'persist' | 'persisted' | 'estimate'> | undefined;
}
