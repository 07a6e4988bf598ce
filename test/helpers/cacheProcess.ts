import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ImageCacheSettings } from '../../plugin/cache/imageCacheSettings.ts';
import type { CacheEvent } from '../../plugin/protocol.ts';
import type { Commands } from './cacheCommands.ts';
import type { Gate, Origin } from './origin.ts';

const CHILD = fileURLToPath(new URL('cacheProcessChild.ts', import.meta.url));

export interface ProcessSettings extends Partial<
  Pick<ImageCacheSettings<never>, 'fallbackDirs' | 'memoryMaxSize' | 'revalidateMs'>
> {
  /** Whether it compresses what it stores, which the origin can hold up. @default false */
  compress?: boolean;
}

export type FromParent =
  | { kind: 'command'; id: number; command: keyof Commands; args: readonly unknown[] }
  | { kind: 'answer'; id: number; version: number };

export type ToParent =
  | { kind: 'ready' }
  | { kind: 'question'; id: number; name: string; gate: Gate }
  | { kind: 'event'; event: CacheEvent }
  | { kind: 'result'; id: number; result?: unknown }
  | { kind: 'failure'; id: number; failure: string };

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

/** A real process with a whole `ImageCache` on a directory that others have, too. */
export class CacheProcess {
  /** What it was told of since `watch`. */
  readonly events: CacheEvent[] = [];
  /** Whatever it printed: an error, or the name of the point where it was killed or stopped. */
  readonly printed: string[] = [];
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;
  readonly #origin: Origin;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  private constructor(child: ChildProcess, origin: Origin) {
    this.#child = child;
    this.#origin = origin;
    this.ended = once(child, 'exit').then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The process has ended.'));
    });
    child.on('message', (message: ToParent) => this.#hear(message));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface(stream).on('line', (line) => this.printed.push(line));
    }
  }

  static async start(dir: string, origin: Origin, settings: ProcessSettings = {}): Promise<CacheProcess> {
    const child = fork(CHILD, [dir, JSON.stringify(settings)], { silent: true });
    const started = new CacheProcess(child, origin);
    const failed = started.ended.then(() => Promise.reject(new Error(started.printed.join('\n'))));
    await Promise.race([once(child, 'message'), failed]);
    failed.catch(() => undefined);
    return started;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Has something done in the process. @throws what was thrown there, and when the process ends before it has come to its end */
  call<Name extends keyof Commands>(
    command: Name,
    ...args: Parameters<Commands[Name]>
  ): Promise<Awaited<ReturnType<Commands[Name]>>> {
    this.#calls += 1;
    const id = this.#calls;
    const result = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    result.catch(() => undefined); // who looks at it later must still hear of it
    this.#send({ kind: 'command', id, command, args });
    return result as Promise<Awaited<ReturnType<Commands[Name]>>>; // the child's types are ours
  }

  /** Takes the processor from it, until {@link CacheProcess.wake}. */
  stop(): void {
    this.#child.kill('SIGSTOP');
  }

  wake(): void {
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #send(message: FromParent): void {
    if (this.#child.connected) this.#child.send(message, () => undefined); // one that was killed hears nothing more
  }

  #hear(message: ToParent): void {
    if (message.kind === 'event') this.events.push(message.event);
    if (message.kind === 'question') {
      const { id, name, gate } = message;
      void this.#origin.answer(name, gate).then((version) => this.#send({ kind: 'answer', id, version }));
    }
    if (message.kind !== 'result' && message.kind !== 'failure') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'result') waiting?.resolve(message.result);
    else waiting?.reject(new Error(message.failure));
  }
}
