import { createInterface } from 'node:readline/promises';
import { redact } from '../redact.ts';
import { FINE, INTERRUPTED, type Io, NOT_DONE } from './io.ts';
import { clean } from './text.ts';

/**
 * The world of this process. Standard output is for data only: what a configuration or one of its plugins writes there goes to the
 * standard error, so that `--json` stays JSON.
 * @returns also the function that ends the process when all is written
 */
export function processIo(): { io: Io; end(code: number): void } {
  const { stdin, stdout, stderr, env } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  let hasBytes = false;
  stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' && !hasBytes) exit(FINE); // `| head` has read enough; of bytes, everything is needed
    stderr.write(`The output was cut short: ${message}\n`);
    exit(NOT_DONE);
  });
  stderr.on('error', () => undefined);

  const interrupted = new AbortController();
  process.on('SIGINT', () => {
    if (interrupted.signal.aborted) exit(INTERRUPTED); // it takes too long
    interrupted.abort();
  });
  let isOver = false;
  const exit = (code: number): never => {
    isOver = true;
    return process.exit(code);
  };
  // A configuration, or one of its plugins, may end the process, also with 0, before the command has done anything.
  process.on('uncaughtException', (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    for (const line of redact(text).split('\n')) stderr.write(`${clean(line)}\n`);
    exit(NOT_DONE);
  });
  process.on('exit', () => {
    if (!isOver) process.exitCode = NOT_DONE;
  });
  process.once('beforeExit', () => {
    if (isOver) return;
    stderr.write('The configuration waits for something that never comes.\n');
    exit(NOT_DONE);
  });

  const colours = env['NO_COLOR'] === undefined || env['NO_COLOR'] === '';
  const io: Io = {
    cwd: process.cwd(),
    env,
    input: stdin,
    isInteractive: stdin.isTTY && stderr.isTTY,
    hasColours: colours && stdout.isTTY && stdout.hasColors(),
    signal: interrupted.signal,
    showsData: stdout.isTTY,
    write: (bytes) => {
      hasBytes = true;
      return new Promise((done) => write(bytes, () => done()));
    },
    print: (line) => new Promise((done) => write(`${line}\n`, () => done())),
    say: (line) => stderr.write(`${line}\n`),
    async ask(question) {
      const reader = createInterface({ input: stdin, output: stderr });
      reader.on('SIGINT', () => interrupted.abort()); // the terminal sends no signal while it is read
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
      // A plugin of the configuration may hold something open.
      write('', () => exit(code));
    },
  };
}
