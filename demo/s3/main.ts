/**
 * The embedded S3 server on its own: `node demo/s3/main.ts --port 9000 --bucket photos`.
 * Prints `ready <endpoint> <access key> <secret>` when it listens; a parent that forked it gets `{ endpoint }`.
 */
import { parseArgs } from 'node:util';
import { createS3Server } from './index.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '9000' },
    host: { type: 'string', default: '127.0.0.1' },
    bucket: { type: 'string', multiple: true, default: [] },
  },
});

const server = await createS3Server({ port: Number(values.port), host: values.host, buckets: values.bucket });
const { endpoint, credentials } = server;
console.log(`ready ${endpoint} ${credentials.accessKeyId} ${credentials.secretAccessKey}`);
process.send?.({ endpoint });

for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
  process.once(event, () => {
    void server.close().then(() => process.exit(0));
  });
}
