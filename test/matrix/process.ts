import { type ChildProcess, spawn } from 'node:child_process';

/** A program in a process group of its own, so that all that it starts ends with it. */
export class Program {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #output = '';

  constructor(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
    const [program = '', ...args] = command;
    this.#child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', resolve);
      this.#child.once('error', (error) => {
        this.#output += error.message;
        resolve(null);
      });
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-20_000)));
    }
  }

  /** What it has printed last. */
  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @throws Error with its output if it fails, or takes longer */
  async succeed(timeoutMs: number): Promise<void> {
    const timer = setTimeout(() => this.#kill('SIGKILL'), timeoutMs);
    const code = await this.#ended;
    clearTimeout(timer);
    if (code !== 0) throw new Error(`ended with ${code ?? 'a signal'}:\n${this.#output}`);
  }

  async stop(): Promise<void> {
    this.#kill('SIGTERM');
    const timer = setTimeout(() => this.#kill('SIGKILL'), 5_000);
    await this.#ended;
    clearTimeout(timer);
    this.#kill('SIGKILL'); // what it started, and did not end itself
  }

  #kill(signal: NodeJS.Signals): void {
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
    } catch {
      // The group has ended.
    }
  }
}
