import { vi } from 'vitest';

/** Waiting longer costs nothing where it does not fail. Vitest gives up after a second, which a busy machine may take for anything. */
const PATIENCE_MS = 30_000;

// Vitest has an option for `expect.poll`, and none for this.
const { waitFor } = vi;
vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: PATIENCE_MS, ...options });
