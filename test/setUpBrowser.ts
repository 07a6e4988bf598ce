import { cleanup } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';

// Modules of the browser's half have a state, which is that of a page: each test file is a page of its own.
vi.resetModules();

/*
 * Testing Library does this itself when it is imported, but that happens once in a process, and so for the first test file only.
 */
beforeAll(() => setActEnvironment(true));
afterEach(cleanup);
afterAll(() => {
  setActEnvironment(undefined);
  // What a file has left in place is not to be met by the next one.
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Whether React is to warn of updates outside of `act`. */
function setActEnvironment(value: boolean | undefined): void {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: value });
}
