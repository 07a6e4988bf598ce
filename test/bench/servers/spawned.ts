import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningServer } from './kinds.ts';

const PATIENCE_MS = 30_000;

/** A server that is another program. It listens where it is told to. */
export async function startProgram(command: string, args: readonly string[], port: number): Promise<RunningServer> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  await untilAnswered(port, () => child.exitCode !== null);
  return {
    port,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A port that is free at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on TCP
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilAnswered(port: number, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline && !hasEnded()) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(50);
  }
  throw new Error('the program does not answer');
}
