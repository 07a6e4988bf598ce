import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ResolvedConfig } from 'vite';
import { resolveOptions } from '../../../plugin/resolveOptions.ts';
import { servePlugin } from '../../../plugin/vite/serve.ts';
import { bytesOf, createCache, openCache } from '../../helpers/cache.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { fault } from '../../helpers/faultyFs.ts';
import { refusal } from '../../helpers/source.ts';

vi.mock('node:fs/promises', async (importActual) => {
  const { faultyFs } = await import('../../helpers/faultyFs.ts');
  return faultyFs(await importActual());
});

afterEach(fault.clear);

/** A disk of which one kind of call returns only when `comeBack` is called; counts the calls that hang. */
function hang(isHung: (name: string, path: string) => boolean): { comeBack: () => void; count: () => number } {
  let comeBack = () => {};
  let count = 0;
  const back = new Promise<undefined>((resolve) => {
    comeBack = () => resolve(undefined);
  });
  fault.of = (name, [path]) => {
    if (!isHung(name, String(path))) return undefined;
    count += 1;
    return back;
  };
  return {
    comeBack: () => {
      fault.clear();
      comeBack();
    },
    count: () => count,
  };
}

/** Fails instead of waiting for ever. */
async function soon<T>(work: Promise<T>, ms = 5000): Promise<T> {
  const never = Symbol('never');
  const result = await Promise.race([work, sleep(ms, never)]);
  if (result === never) throw new Error('it waits for ever');
  return result;
}

describe('a cache directory on a disk that does not answer', () => {
  it.each<[string, (name: string, path: string) => boolean]>([
    ['mkdir', (name) => name === 'mkdir'],
    ['lstat', (name) => name === 'lstat'],
    ['readdir', (name) => name === 'readdir'],
    ['the opening of CACHE_ID', (name, path) => name === 'open' && path.endsWith('CACHE_ID')],
    ['the writing of .gitignore', (name) => name === 'writeFile'],
    ['the opening of the journal', (name, path) => name === 'open' && path.endsWith('.log')],
    ['the reading of the journal', (name, path) => name === 'handle.read' && path.endsWith('.log')],
  ])(
    'N14: is told of with its path when %s never returns, at once to who comes later, and works when it does',
    async (_, isHung) => {
      const dir = join(await temporaryDirectory(), '.image-cache');
      const disk = hang(isHung);
      const { cache } = await openCache({ dir, openTimeoutMs: 50 });
      const asked = await Promise.all([
        refusal(soon(cache.readUrl('mem:a'))),
        refusal(soon(cache.stats())),
        refusal(soon(cache.readPath('.image-cache/images/x'))),
      ]);
      for (const { code, status, message, hint, retryAfterMs } of asked) {
        expect([code, status, retryAfterMs]).toEqual(['CACHE_DIR_TIMEOUT', 503, 50]);
        expect([message, hint].join()).toContain(dir);
      }
      const hung = disk.count();
      const waits: number[] = [];
      for (let n = 0; n < 20; n += 1) {
        const began = performance.now();
        expect((await refusal(soon(cache.readUrl(`mem:${n}`)))).code).toBe('CACHE_DIR_TIMEOUT');
        await refusal(soon(cache.readPath(`.image-cache/images/${n}`)));
        waits.push(performance.now() - began);
      }
      expect(cache.peek('.image-cache/images/x')).toBeUndefined();
      expect(Math.min(...waits)).toBeLessThan(50); // otherwise each of them would wait for so long, however busy the machine is
      expect(disk.count()).toBe(hung); // no more threads are held
      disk.comeBack();
      await vi.waitFor(async () => expect((await cache.readUrl('mem:a')).body.equals(bytesOf('a'))).toBe(true));
      expect((await cache.stats()).total_entries).toBe(1);
    },
  );

  it('N14: does not delay the close of the cache, and is not left open when it answers at last', async () => {
    const dir = join(await temporaryDirectory(), '.image-cache');
    const disk = hang((name) => name === 'mkdir');
    const { cache } = createCache({ dir, openTimeoutMs: 50 });
    const refused = refusal(cache.readUrl('mem:a'));
    await soon(cache.close());
    expect((await refused).code).toBe('CACHE_DIR_TIMEOUT');
    expect((await refusal(cache.readUrl('mem:a'))).code).toBe('ABORTED');
    disk.comeBack();
    await sleep(100);
    const next = await openCache({ dir });
    expect((await next.cache.readUrl('mem:a')).tier).toBe('s3');
  });

  it('N14: does not delay the start of Vite', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const disk = hang((name) => name === 'readdir');
      const never = () => new Promise<never>(() => {});
      const { configResolved } = servePlugin(resolveOptions({ buckets: ['photos'] }), never, never);
      if (typeof configResolved !== 'function') throw new Error('the hook is gone');
      const config = { root: '/nowhere' } as ResolvedConfig; // the hook reads nothing else
      let isStarted = false;
      const start = Promise.resolve(configResolved.call({} as never, config)).then(() => (isStarted = true));
      await vi.waitFor(() => expect(disk.count()).toBe(1));
      expect(isStarted).toBe(false);
      await vi.advanceTimersByTimeAsync(5000);
      await start;
    } finally {
      vi.useRealTimers();
    }
  });

  it('N14: may be slow without harm as long as it is not that slow', async () => {
    fault.of = () => sleep(1).then(() => undefined);
    const { cache } = await openCache();
    expect((await cache.readUrl('mem:a')).tier).toBe('s3');
  });
});
