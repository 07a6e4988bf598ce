import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createImageCache } from '../../plugin/express.ts';
import { main } from '../../plugin/cli/main.ts';

/**
 * A server in a process that imported `watchSockets.ts`. Its bucket is a public one, without credentials, so that everything that looks for some
 * would ask this machine for its role. At the end of the input, it closes, asks the doctor by the command line, and prints what was opened.
 */
const [dir = ''] = process.argv.slice(2);
const images = createImageCache({
  buckets: ['team-photos'],
  cacheDir: dir,
  minFreeSpace: 0,
  manage: () => true,
  uploads: { bucket: 'team-photos', project: 'test-app', outboxDir: `${dir}-outbox`, references: 'bucket' },
  authorizeUpload: () => 'owner',
  logger: { info: console.error, warn: console.error },
});
const server = createServer((request, response) => images.router(request, response, () => response.end()));
server.listen(0, '127.0.0.1', () => console.log(`ready ${(server.address() as AddressInfo).port}`)); // it listens on TCP

process.stdin.resume().once('end', async () => {
  server.closeAllConnections();
  server.close();
  await images.close();
  await main(['doctor', '--bucket', 'team-photos', '--dir', dir], {
    cwd: dir,
    env: {},
    input: process.stdin,
    isInteractive: false,
    showsData: false,
    write: async () => {},
    hasColours: false,
    signal: new AbortController().signal,
    print: async () => {},
    say: () => {},
    ask: async () => '',
  });
  console.log(JSON.stringify(Reflect.get(globalThis, 'openedSockets')));
});
