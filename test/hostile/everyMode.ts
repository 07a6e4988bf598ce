import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, type TestServerOptions, startTestServer } from './testServer.ts';
import { MODES, type Mode } from './modes.ts';

/** Adds a case: what is promised, and what is done to a server to see it. */
type AddCase = (numbers: string, promise: string, act: (server: TestServer) => Promise<void>) => void;

/**
 * The same cases in every mode: `T2 [dev, base /sub/]: …`. Each server is started once for all of them. After each case the
 * process lives, nothing was lost, nothing lies outside the cache directory that did not before, and no signature and
 * no foreign file stood in an answer, a log, or a file.
 */
export function describeEveryMode(
  define: (add: AddCase, mode: Mode) => void,
  { modes = MODES, ...options }: TestServerOptions & { modes?: readonly Mode[] } = {},
): void {
  describe.each(modes)('hostile input: $name', (mode) => {
    let server: TestServer | undefined;
    const faults: unknown[] = [];
    const onFault = (fault: unknown) => faults.push(fault);
    beforeAll(async () => {
      process.on('unhandledRejection', onFault).on('uncaughtException', onFault);
      server = await startTestServer(mode, options);
    }, 30_000);
    afterAll(async () => {
      await server?.close();
      process.off('unhandledRejection', onFault).off('uncaughtException', onFault);
    });
    define((numbers, promise, act) => {
      it(`${numbers} [${mode.name}]: ${promise}`, async () => {
        if (server === undefined) throw new Error('the server did not start');
        await act(server);
        await server.expectUnharmed();
        expect(faults).toEqual([]);
      }, 60_000);
    }, mode);
  });
}

/** Calls at most eight at a time: as many connections as the client keeps. */
export async function eachOf<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items].values(); // one for all
  const work = async () => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}
