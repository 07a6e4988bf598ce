import type { ServerResponse } from 'node:http';
import { S3Error } from './errors.ts';
import type { BodyFault } from './faults.ts';
import type { Reply } from './operations/operation.ts';
import { toErrorXml } from './xml.ts';

/** How much is written at a time when nothing slows the body down. */
const SLICE_BYTES = 1024 * 1024;
/** How often a slowed body is written to, in a second. */
const SLICES_PER_SECOND = 20;

/** How a body goes out. Asked again for every slice, so that a change of the faults tells at once. */
export interface Transfer {
  fault: BodyFault | undefined;
  /** Bytes per second; 0 for no limit. */
  throughput(): number;
  isOffline(): boolean;
  onSent(bytes: number): void;
}

/** Sends a whole answer. */
export function send(response: ServerResponse, { status, headers, body = '' }: Reply): void {
  const bodiless = status === 204 || status === 304;
  response.writeHead(status, { ...(!bodiless && { 'Content-Length': Buffer.byteLength(body) }), ...headers });
  response.end(bodiless ? undefined : body);
}

export function sendError(response: ServerResponse, error: S3Error, requestId: string): void {
  const headers = { 'Content-Type': 'application/xml', ...error.headers };
  send(response, { status: error.status, headers, body: toErrorXml(error, requestId) });
}

/** Sends the body of an object, as slowly and as badly as it is told to. */
export async function sendObject(
  response: ServerResponse,
  { status, headers = {} }: Reply,
  body: Buffer,
  transfer: Transfer,
): Promise<void> {
  const { fault } = transfer;
  if (fault === 'cutChunked') {
    const { 'Content-Length': _, ...unannounced } = headers;
    // Neither a length nor chunks: the body ends where the connection does (RFC 9112 section 6.3).
    response.removeHeader('Transfer-Encoding');
    response.writeHead(status, { ...unannounced, Connection: 'close' });
  } else {
    response.writeHead(status, headers);
  }

  const end = fault === undefined ? body.length : Math.floor(body.length / 2);
  for (let offset = 0; offset < end && !response.destroyed;) {
    if (transfer.isOffline()) return reset(response);
    const throughput = transfer.throughput();
    const size = throughput === 0 ? SLICE_BYTES : Math.max(1, Math.round(throughput / SLICES_PER_SECOND));
    const slice = body.subarray(offset, Math.min(offset + size, end));
    await write(response, slice);
    transfer.onSent(slice.length);
    offset += slice.length;
    if (throughput > 0) await pause(response, (slice.length / throughput) * 1000);
  }
  if (fault === 'hangBody') return;
  if (fault === 'cut') response.socket?.destroySoon();
  else response.end();
}

/** Drops the connection with a RST, as a network that goes away does. */
export function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

/** Waits so many milliseconds, or until the client has left. */
export function pause(response: ServerResponse, ms: number): Promise<void> {
  if (ms <= 0 || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      response.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    response.once('close', done);
  });
}

/** Resolves when the bytes have left for the kernel, or never will. */
function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('close', done);
      resolve();
    };
    response.once('close', done);
    response.write(bytes, done);
  });
}
