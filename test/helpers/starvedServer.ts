import { createServer } from 'node:http';
import { flushCompileCache } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createImageCache } from '../../plugin/express.ts';

/** The API in a process of its own, for limits that hold for a whole process: `node starvedServer.ts <options as JSON>`. */
const images = createImageCache(JSON.parse(process.argv[2] ?? ''));
const server = createServer((request, response) => images.router(request, response, () => response.end()));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo; // it listens on TCP
  flushCompileCache();
  console.log(`READY ${port}`);
});
