import type * as fs from 'node:fs/promises';

type Fs = typeof fs;
type Call = (...args: never[]) => unknown;

const FUNCTIONS = ['copyFile', 'link', 'lstat', 'mkdir', 'readdir', 'rename', 'rm', 'stat', 'writeFile'] as const;
const HANDLE_METHODS = ['datasync', 'read', 'stat', 'sync', 'truncate', 'write', 'writev', 'writeFile'] as const;

/**
 * The code of the error a call is to fail with; as a promise, it holds the call up. The arguments of a handle's method
 * are preceded by the path it was opened with.
 */
export type FaultFinder = (name: string, args: unknown[]) => string | undefined | Promise<string | undefined>;

const none: FaultFinder = () => undefined;

/** What is wrong with the disk of this test file at the moment. */
export const fault = {
  of: none,
  clear: (): void => {
    fault.of = none;
  },
};

/**
 * The real file system, in which one call fails: the one for which `fault.of` answers with the code of an error. A full or a broken
 * disk cannot be had on demand. A test file that uses it has these lines, for Vitest looks for `vi.mock` in test files only:
 * ```ts
 * vi.mock('node:fs/promises', async (importActual) => {
 *   const { faultyFs } = await import('../helpers/faultyFs.ts');
 *   return faultyFs(await importActual());
 * });
 * afterEach(fault.clear);
 * ```
 */
export function faultyFs(real: Fs): Fs {
  const guarded =
    <F extends Call>(name: string, call: F, ...path: unknown[]) =>
    async (...args: Parameters<F>): Promise<unknown> => {
      const code = await fault.of(name, [...path, ...args]);
      if (code === undefined) return call(...args);
      throw Object.assign(new Error(`${code}: injected into ${name}`), { code });
    };
  const open = guarded('open', async (...args: Parameters<Fs['open']>) => {
    const handle = await real.open(...args);
    for (const method of HANDLE_METHODS) {
      // The methods differ in their arguments; each is passed on exactly as it came.
      const bound = handle[method].bind(handle) as Call;
      Object.assign(handle, { [method]: guarded(`handle.${method}`, bound, args[0]) });
    }
    return handle;
  });
  const functions = FUNCTIONS.map((name) => [name, guarded(name, real[name] as Call)]); // as above
  return { ...real, open, ...Object.fromEntries(functions) };
}
