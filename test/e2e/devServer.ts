/**
 * A Vite dev server with the plugin, in a process of its own so that it can be killed.
 * `node devServer.ts <root> <S3 endpoint> <access key> <secret>` prints `ready <origin>`.
 */
import { flushCompileCache } from 'node:module';
import { createServer } from 'vite';
import { imageCache } from 'vite-plugin-image-cache';

const [root = '.', endpoint = '', accessKeyId = '', secretAccessKey = ''] = process.argv.slice(2);

const server = await createServer({
  root,
  configFile: false,
  logLevel: 'warn',
  server: { port: 0 },
  plugins: [imageCache({ buckets: [{ name: 'photos', endpoint, credentials: { accessKeyId, secretAccessKey } }] })],
});
await server.listen();
flushCompileCache();
console.log(`ready ${server.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? ''}`);
