import type * as fs from 'node:fs/promises';

type Fs = typeof fs;
type Call = (...args: never[]) => unknown;

const FUNCTIONS = ['copyFile', 'link', 'lstat', 'mkdir', 'readdir', 'rename', 'rm', 'stat', 'writeFile'] as const;
const HANDLE_METHODS = ['datasync', 'read', 'stat', 'sync', 'truncate', 'write', 'writev', 'writeFile'] as const;

/**
 * Returns the code of the error with which a call should fail. A promise delays the call. The arguments of a handle's method come after
 * the path with which the handle was opened.
 */
export type FaultFinder = (name: string, args: unknown[]) => string | undefined | Promise<string | undefined>;

const none: FaultFinder = () => undefined;

/** The current fault of the disk in this test file. */
export const fault = {
  of: none,
  clear: (): void => {
    fault.of = none;
  },
};

/**
 * The real file system, in which those calls fail for which `fault.of` returns the code of an error. It is needed because a full or broken
 * disk is not available on demand. A test file that uses it needs these lines, because Vitest looks for `vi.mock` in test files only:
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
