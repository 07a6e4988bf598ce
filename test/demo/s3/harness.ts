import { S3Client, S3ServiceException, type S3ClientConfig } from '@aws-sdk/client-s3';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { createS3Server, type S3Server, type S3ServerOptions } from '../../../demo/s3/index.ts';

export const BUCKET = 'photos';

/** A server with one bucket, closed when the test is over. */
export async function startS3(options: S3ServerOptions = {}): Promise<S3Server> {
  const s3 = await createS3Server({ buckets: [BUCKET], ...options });
  onTestFinished(() => s3.close());
  return s3;
}

/** The AWS SDK, which tries everything once. */
export function clientOf(s3: S3Server, config: S3ClientConfig = {}): S3Client {
  const { endpoint, credentials } = s3;
  const client = new S3Client({
    endpoint,
    credentials,
    region: 'us-east-1',
    forcePathStyle: true,
    maxAttempts: 1,
    ...config,
  });
  onTestFinished(() => client.destroy());
  return client;
}

/** How S3 refused, as `status code`, e.g. `404 NoSuchKey`. An answer that is no refusal fails the test. */
export async function refusal(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
  } catch (error) {
    if (error instanceof S3ServiceException) return `${error.$metadata.httpStatusCode} ${error.name}`;
    throw error;
  }
  throw new Error('It was not refused');
}

/** The code in an error document. */
export function codeOf(document: string): string | undefined {
  return /<Code>(\w+)<\/Code>/.exec(document)?.[1];
}

/** Writes to a socket, and returns all that came back until the server closed it. */
export async function sendRaw(s3: S3Server, head: readonly string[], body = ''): Promise<string> {
  const socket = connect(s3.port, '127.0.0.1');
  socket.write(`${head.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`);
  return text(socket);
}

/** A promise, and the function that fulfils it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
