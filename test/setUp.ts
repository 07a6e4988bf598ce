import { readFileSync } from 'node:fs';
import { afterAll, expect, vi } from 'vitest';

/*
 * Test files of a project share processes and their modules (`isolate: false`), since no module of ours has a state. A file that
 * replaces a module by `vi.mock` gets modules of its own, and leaves none to the next file.
 */
const { testPath } = expect.getState();
if (testPath !== undefined && /^vi\.mock\(/m.test(readFileSync(testPath, 'utf8'))) {
  vi.resetModules();
  afterAll(() => {
    vi.resetModules();
  });
}

// Nor does a file leave a global, a variable or a clock of its own to the next.
afterAll(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
