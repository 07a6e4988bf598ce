import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

export const run = promisify(execFile);

/** A child process that has printed its first line with `word` in it. */
export interface Child {
  process: ChildProcess;
  /** The rest of the line after `word`. */
  ready: string;
  /** Everything it has printed so far. */
  output(): string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a program, and waits until it prints `word`. It is ended with the test. */
export async function start(...parameters: Parameters<typeof spawnUntil>): Promise<Child> {
  const child = await spawnUntil(...parameters);
  onTestFinished(() => child.kill('SIGKILL'));
  return child;
}

/** Starts a program, and waits until it prints `word`. The caller has to end it. */
export async function spawnUntil(
  command: string,
  args: string[],
  word: string,
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Child> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let output = '';
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  const ready = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const line = output.split('\n').find((text) => text.includes(word));
      if (line !== undefined && output.endsWith('\n')) resolve(line.slice(line.indexOf(word) + word.length).trim());
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then(() => reject(new Error(`${command} ended before it said “${word}”:\n${output}`)));
  });
  return { process: child, ready, output: () => output, kill };
}
