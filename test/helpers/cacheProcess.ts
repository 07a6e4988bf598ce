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
  /** Whether it compresses stored images. The origin can delay that. @default false */
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

/** A real process with a whole `ImageCache`, on a directory that other processes use, too. */
export class CacheProcess {
  /** The events since `watch`. */
  readonly events: CacheEvent[] = [];
  /** Lines that it has printed: errors, or the name of the point where it was killed or stopped. */
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

  /** Runs a command in the process. @throws what the command throws, or an error if the process ends before the command does */
  call<Name extends keyof Commands>(
    command: Name,
    ...args: Parameters<Commands[Name]>
  ): Promise<Awaited<ReturnType<Commands[Name]>>> {
    this.#calls += 1;
    const id = this.#calls;
    const result = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    result.catch(() => undefined); // a caller that awaits it later still gets the error
    this.#send({ kind: 'command', id, command, args });
    return result as Promise<Awaited<ReturnType<Commands[Name]>>>; // the child's types are ours
  }

  /** Suspends the process until {@link CacheProcess.wake}. */
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
    if (this.#child.connected) this.#child.send(message, () => undefined); // a killed process receives no messages
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
