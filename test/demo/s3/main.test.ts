import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const MAIN = new URL('../../../demo/s3/main.ts', import.meta.url);

test.for(['SIGTERM', 'SIGINT', 'disconnect'] as const)(
  'a forked server tells where it is, and stops on %s',
  async (way) => {
    const child = fork(MAIN, ['--port', '0', '--bucket', 'photos'], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const [[message], [line]] = await Promise.all([once(child, 'message'), once(child.stdout ?? child, 'data')]);
    const { endpoint } = message as { endpoint: string };
    expect(String(line)).toBe(`ready ${endpoint} DEMOKEY demosecret\n`);
    expect((await fetch(`${endpoint}/_s3/control`)).status).toBe(200);

    if (way === 'disconnect') child.disconnect();
    else child.kill(way);
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
);
