import { createInterface } from 'node:readline/promises';
import { INTERRUPTED, type Io, NOT_DONE } from './io.ts';

/**
 * The world of this process. Standard output is for data only: what a configuration or one of its plugins writes there goes to the
 * standard error, so that `--json` stays JSON.
 * @returns also the function that ends the process when all is written
 */
export function processIo(): { io: Io; end(code: number): void } {
  const { stdin, stdout, stderr, env } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  // `| head` has read enough.
  stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : NOT_DONE));
  stderr.on('error', () => undefined);

  const interrupted = new AbortController();
  process.on('SIGINT', () => {
    if (interrupted.signal.aborted) process.exit(INTERRUPTED); // it takes too long
    interrupted.abort();
  });
  let isOver = false;
  process.once('beforeExit', () => {
    if (isOver) return;
    stderr.write('The configuration waits for something that never comes.\n');
    process.exit(NOT_DONE);
  });

  const colours = env['NO_COLOR'] === undefined || env['NO_COLOR'] === '';
  const io: Io = {
    cwd: process.cwd(),
    env,
    input: stdin,
    isInteractive: stdin.isTTY && stderr.isTTY,
    hasColours: colours && stdout.isTTY && stdout.hasColors(),
    signal: interrupted.signal,
    print: (line) => new Promise((done) => write(`${line}\n`, () => done())),
    say: (line) => stderr.write(`${line}\n`),
    async ask(question) {
      const reader = createInterface({ input: stdin, output: stderr });
      try {
        return await reader.question(question, { signal: interrupted.signal });
      } catch {
        return ''; // Ctrl+C, or the end of the input
      } finally {
        reader.close();
      }
    },
  };
  return {
    io,
    end(code) {
      isOver = true;
      // A plugin of the configuration may hold something open.
      write('', () => process.exit(code));
    },
  };
}
