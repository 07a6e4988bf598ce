import { createHash } from 'node:crypto';
import * as fakeIndexedDb from 'fake-indexeddb';
import { onTestFinished, vi } from 'vitest';
import { createUploads, type StartableUploads } from '../../../components/uploads/createUploads.ts';
import type { UploadsEnvironment } from '../../../components/uploads/environment.ts';
import type { ImageUploadsOptions } from '../../../components/uploads/imageUploads.ts';
import type { UploadTransport } from '../../../components/uploads/transport.ts';
import { openDatabase, type UploadsDatabase } from '../../../components/uploads/outbox/openDatabase.ts';

type PageEvent = Parameters<Parameters<UploadsEnvironment['onPage']>[0]>[0];

/** A tab of a {@link FakeBrowser}. */
export interface FakeTab {
  readonly uploads: StartableUploads;
  /** Its process is gone: what it had under way has no end, and it says and does nothing more. */
  kill(): void;
  /** As React's StrictMode does: started, stopped and started again. */
  restart(): void;
  /** Something happens to the page. */
  page(event: PageEvent): void;
  readonly env: UploadsEnvironment;
}

export interface FakeBrowser {
  readonly now: number;
  /** The clock is set. Timers go on as they were: they measure how much time has passed. */
  jump(ms: number): void;
  isOnline: boolean;
  isHidden: boolean;
  isPageBusy: boolean;
  /** What keeps pages from being left without a question. */
  readonly holds: Set<symbol>;
  /** What developers were told. */
  readonly warnings: string[];
  /** Whether there are Web Locks. Set it before a tab is opened. */
  isSecure: boolean;
  open(options?: ImageUploadsOptions): FakeTab;
  /** Lets everything that is due now happen. */
  settle(): Promise<void>;
  /** Lets time pass: each timer runs at its time. */
  pass(ms: number): Promise<void>;
  /** The database as it is on the disk: all rows of a store. */
  rows(store: 'jobs' | 'bytes' | 'bindings' | 'tombstones'): Promise<unknown[]>;
  /** The browser evicts the origin. */
  evict(): Promise<void>;
  /** Times at which timers are to run. */
  timers(): number[];
}

interface Timer {
  at: number;
  run: () => void;
}

/** A browser of one origin, whose time stands still until a test lets it pass. The database is real code, in memory. */
export function fakeBrowser(): FakeBrowser {
  for (const [name, value] of Object.entries(fakeIndexedDb)) {
    if (name.startsWith('IDB')) vi.stubGlobal(name, value);
  }
  vi.stubGlobal('indexedDB', new fakeIndexedDb.IDBFactory());
  // In the same turn, so that a test can tell when everything has happened.
  const digest = vi.spyOn(crypto.subtle, 'digest').mockImplementation(async (_, data) => {
    const bytes = createHash('sha256')
      .update(new Uint8Array(data as ArrayBuffer))
      .digest();
    return new Uint8Array(bytes).buffer;
  });
  const tabs = new Set<FakeTab>();
  onTestFinished(async () => {
    for (const tab of tabs) tab.kill();
    await settle();
    digest.mockRestore();
    vi.unstubAllGlobals();
  });

  const timers = new Set<Timer>();
  const ports = new Map<string, Set<(message: unknown) => void>>();
  const locks = fakeLocks();
  let activity = 0;
  let random = 0;

  function openTab(options: ImageUploadsOptions): FakeTab {
    let isAlive = true;
    const own = new Set<Timer>();
    const listeners = new Set<(event: PageEvent) => void>();
    const closers = new Set<() => void>();
    const killed = new AbortController();
    const manager = locks.forTab(killed.signal);
    const env: UploadsEnvironment = {
      now: () => browser.now,
      random: () => 0.5,
      after(ms, run) {
        if (!isAlive) return () => {};
        const timer = { at: browser.now + ms, run };
        timers.add(timer);
        own.add(timer);
        return () => {
          timers.delete(timer);
          own.delete(timer);
        };
      },
      randomBytes(length) {
        random += 1;
        return Uint8Array.from({ length }, (_, index) =>
          index < length - 3 ? 0 : random >> (8 * (length - 1 - index)),
        );
      },
      locks: browser.isSecure ? manager : undefined,
      openPort(name, onMessage) {
        const group = ports.get(name) ?? new Set();
        ports.set(name, group);
        const hear = (message: unknown): void => void (isAlive && onMessage(message));
        group.add(hear);
        const close = (): void => void group.delete(hear);
        closers.add(close);
        return {
          post(message) {
            if (!isAlive || !group.has(hear)) return;
            activity += 1;
            const copy: unknown = structuredClone(message);
            for (const other of group) if (other !== hear) setImmediate(() => group.has(other) && other(copy));
          },
          close,
        };
      },
      isOnline: () => browser.isOnline,
      isHidden: () => browser.isHidden,
      isPageBusy: () => browser.isPageBusy,
      onPage(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      holdPage() {
        const hold = Symbol('hold');
        browser.holds.add(hold);
        return () => browser.holds.delete(hold);
      },
      warn: (text) => void browser.warnings.push(text),
      storage: undefined,
    };
    const open: typeof openDatabase = async (project, onClosed) => {
      if (!isAlive) throw new Error('This tab is gone.');
      const database = await openDatabase(project, () => isAlive && onClosed());
      return watched(
        database,
        () => isAlive,
        () => (activity += 1),
        killed.signal,
      );
    };
    const transport = options.transport && untilKilled(options.transport, killed.signal);
    const uploads = createUploads({ project: 'test', ...options, ...(transport && { transport }), env }, open);
    let stop = uploads.start();
    const tab: FakeTab = {
      uploads,
      env,
      restart() {
        stop();
        stop = uploads.start();
      },
      page(event) {
        for (const listener of Array.from(listeners)) listener(event);
      },
      kill() {
        isAlive = false;
        for (const timer of own) timers.delete(timer);
        for (const close of closers) close();
        killed.abort();
      },
    };
    tabs.add(tab);
    return tab;
  }

  async function settle(): Promise<void> {
    let quiet = 0;
    let seen = activity;
    while (quiet < 12) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = seen === activity ? quiet + 1 : 0;
      seen = activity;
    }
  }

  const browser: FakeBrowser & { now: number } = {
    now: 1_800_000_000_000,
    jump(ms) {
      browser.now += ms;
      for (const timer of timers) timer.at += ms;
    },
    isOnline: true,
    isHidden: false,
    isPageBusy: false,
    holds: new Set(),
    warnings: [],
    isSecure: true,
    open: (options = {}) => openTab(options),
    settle,
    async pass(ms) {
      const end = browser.now + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].toSorted((a, b) => a.at - b.at);
        if (!next || next.at > end) break;
        timers.delete(next);
        browser.now = Math.max(browser.now, next.at);
        next.run();
        await settle();
      }
      browser.now = end;
    },
    async rows(store) {
      const database = await openDatabase('test', () => {});
      const rows = await database.getAll(store);
      database.close();
      return rows;
    },
    async evict() {
      const database = await openDatabase('test', () => {});
      for (const name of Array.from(database.objectStoreNames)) await database.clear(name);
      database.close();
    },
    timers: () => [...timers].map(({ at }) => at),
  };
  return browser;
}

/** Its connections end with the tab. */
function untilKilled(transport: UploadTransport, killed: AbortSignal): UploadTransport {
  return {
    ...transport,
    async send(job, body, context) {
      if (killed.aborted) return new Promise<never>(() => {});
      return transport.send(job, body, { ...context, signal: AbortSignal.any([context.signal, killed]) });
    },
    ...(transport.remove && {
      async remove(removal, context) {
        if (killed.aborted) return new Promise<never>(() => {});
        return transport.remove?.(removal, { ...context, signal: AbortSignal.any([context.signal, killed]) });
      },
    }),
  };
}

/** Counts transactions, so that a test knows when there are none, and aborts those of a tab that is killed. */
function watched(
  database: UploadsDatabase,
  isAlive: () => boolean,
  onActivity: () => void,
  killed: AbortSignal,
): UploadsDatabase {
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (!isAlive()) throw new Error('This tab is gone.');
        onActivity();
        const result: unknown = Reflect.apply(value, target, args);
        if (name === 'transaction') follow(result as { done: Promise<void>; abort(): void }, onActivity, killed);
        if (result instanceof Promise) void result.then(onActivity, onActivity);
        return result;
      };
    },
  });
}

function follow(
  transaction: { done: Promise<void>; abort(): void },
  onActivity: () => void,
  killed: AbortSignal,
): void {
  const abort = (): void => {
    try {
      transaction.abort();
    } catch {
      // It was complete.
    }
  };
  const end = (): void => {
    killed.removeEventListener('abort', abort);
    onActivity();
  };
  killed.addEventListener('abort', abort);
  transaction.done.then(end, end);
}

interface Waiting {
  grant(): void;
}

/** Web Locks of one origin, strict about their order. A tab that is killed loses its own. */
function fakeLocks() {
  const queues = new Map<string, Waiting[]>();

  function leave(name: string, waiting: Waiting): void {
    const queue = queues.get(name) ?? [];
    const wasFirst = queue[0] === waiting;
    const rest = queue.filter((each) => each !== waiting);
    queues.set(name, rest);
    if (wasFirst) rest[0]?.grant();
  }

  return {
    forTab(killed: AbortSignal): Pick<LockManager, 'request'> {
      async function request(
        name: string,
        options: LockOptions,
        run: (lock: Lock | null) => unknown,
      ): Promise<unknown> {
        if (killed.aborted) return new Promise<never>(() => {});
        const { signal, ifAvailable } = options;
        signal?.throwIfAborted();
        const queue = queues.get(name) ?? [];
        queues.set(name, queue);
        if (ifAvailable && queue.length > 0) return run(null);
        let grant = (): void => {};
        const granted = new Promise<void>((resolve) => (grant = resolve));
        const waiting: Waiting = { grant: () => grant() };
        queue.push(waiting);
        killed.addEventListener('abort', () => leave(name, waiting));
        if (queue[0] === waiting) waiting.grant();
        const refused = new Promise<never>((_, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason as Error)),
        );
        let isGranted = false;
        try {
          await Promise.race([granted, refused]);
          isGranted = true;
          if (killed.aborted) return await new Promise<never>(() => {});
          return await run({ name, mode: 'exclusive' });
        } finally {
          refused.catch(() => {});
          if (!killed.aborted || !isGranted) leave(name, waiting);
        }
      }
      return { request: request as LockManager['request'] };
    },
  };
}
