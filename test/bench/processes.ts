import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Usage } from './server.ts';
import type { OptionsOf, ServerKind } from './servers/kinds.ts';

const SERVER = fileURLToPath(new URL('server.ts', import.meta.url));
const PATIENCE_MS = 10_000;

/** A server of the bench in a process of its own. */
export interface ServerProcess {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  port: number;
  /** What it has used; peaks and delays are since the last question. */
  usage(): Promise<Usage>;
  end(): Promise<void>;
}

/** Every process that the bench starts, so that none is left behind. */
export class Processes {
  readonly #stops = new Map<ChildProcess, () => Promise<void>>();
  #closed = false;

  /** Starts a server of ours, which also ends when this process does: its standard input closes. */
  async start<Kind extends ServerKind>(kind: Kind, options: OptionsOf<Kind>): Promise<ServerProcess> {
    const args = [SERVER, kind, JSON.stringify(options)];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env: environment() });
    const end = this.#track(child, () => child.stdin.end());
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const read = async <Answer>(): Promise<Answer> => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`the server ${kind} has ended`);
      return JSON.parse(line.value) as Answer; // by server.ts
    };
    const { port } = await read<{ port: number }>();
    return {
      origin: `http://127.0.0.1:${port}`,
      port,
      end,
      usage() {
        child.stdin.write('usage\n');
        return read<Usage>();
      },
    };
  }

  /**
   * Runs a program to its end, in a process group of its own, so that what it starts can be stopped with it.
   * @returns all that it printed
   * @throws Error with what it printed, when it fails
   */
  async run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(command, args, { stdio: [...stdio], detached: true, env: { ...environment(), ...env } });
    this.#track(child, () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null]; // as documented
    if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output}`);
    return output;
  }

  /** Ends them all, and lets no other one begin. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#stops.values()].map((stop) => stop()));
  }

  #track(child: ChildProcess, ask: () => void): () => Promise<void> {
    const ended = once(child, 'close');
    const stop = async () => {
      ask();
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await ended;
      clearTimeout(timer);
    };
    this.#stops.set(child, stop);
    ended.then(
      () => this.#stops.delete(child),
      () => this.#stops.delete(child),
    );
    if (this.#closed) ask();
    return stop;
  }
}

/** Where a program is; Debian keeps nginx where only root looks for it. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const dir of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']) {
    const path = join(dir, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** rclone fails when there are certificates of its own for AWS, and they are for no server of the bench. */
function environment(): NodeJS.ProcessEnv {
  const { AWS_CA_BUNDLE: _, ...rest } = process.env;
  return rest;
}
