import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { it, onTestFinished } from 'vitest';
import { freePort } from './freePort.ts';

const PATIENCE_MS = 20_000;

/** Debian keeps nginx where only root looks for it. */
const PROGRAM = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  .map((dir) => join(dir, 'nginx'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/**
 * Whether there is an nginx for the tests of this file. If there is none, the file is skipped with the reason; in CI, where `.ci/run` installs
 * it, that is an error.
 */
export function hasNginx(): boolean {
  if (PROGRAM !== undefined) return true;
  const reason = 'nginx is not installed: apt-get install --no-install-recommends nginx-light';
  if (process.env['CI']) throw new Error(reason);
  console.warn(`Tests behind nginx are skipped: ${reason}`);
  it.skip(reason);
  return false;
}

export interface Nginx {
  /** `http://127.0.0.1:<port>` */
  origin: string;
  /** A directory that it may write to. */
  dir: string;
  /** What it has logged so far: errors from `warn` on. */
  log(): string;
}

export interface NginxOptions {
  /** The inside of the `http` block. It listens to `port`, and writes to `dir`. */
  http: (settings: { port: number; dir: string }) => Promise<string>;
  /** The user of a worker of its own, which only root can start. @default one process of the same user */
  workerUser?: string;
}

/** Starts nginx on a free port, with everything that it writes in a temporary directory. It is ended with the test. */
export async function startNginx({ http, workerUser }: NginxOptions): Promise<Nginx> {
  const dir = await mkdtemp(join(tmpdir(), 'image-cache-nginx-'));
  const port = await freePort();
  const config = `
daemon off;
${workerUser === undefined ? 'master_process off;' : `user ${workerUser}; worker_processes 1;`}
pid ${dir}/nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi; scgi_temp_path ${dir}/scgi;
  ${await http({ port, dir })}
}
`;
  await writeFile(join(dir, 'nginx.conf'), config);
  const child = spawn(PROGRAM ?? 'nginx', ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const ended = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGTERM'); // a master ends its workers
    await ended;
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  });
  await untilListening(port, child, () => log);
  return { origin: `http://127.0.0.1:${port}`, dir, log: () => log };
}

async function untilListening(port: number, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    if (await isListening(port)) return;
    await sleep(10);
  }
  throw new Error(`nginx does not answer:\n${log()}`);
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
