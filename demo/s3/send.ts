import type { ServerResponse } from 'node:http';
import { S3Error } from './errors.ts';
import type { BodyFault } from './faults.ts';
import type { Reply } from './operations/operation.ts';
import { toErrorXml } from './xml.ts';

/** Bytes that are written at a time if the speed is not limited. */
const SLICE_BYTES = 1024 * 1024;
/** How often per second a part of a body is written if its speed is limited. */
const SLICES_PER_SECOND = 20;

/** How a body is sent. It is read again for every slice, so that a change of the faults has an effect at once. */
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

/** Sends the body of an object, with the speed and the fault of the transfer. */
export async function sendObject(
  response: ServerResponse,
  { status, headers = {} }: Reply,
  body: Buffer,
  transfer: Transfer,
): Promise<void> {
  const { fault } = transfer;
  if (fault === 'cutChunked') {
    const { 'Content-Length': _, ...unannounced } = headers;
    // Without a length and without chunks, the body ends with the connection (RFC 9112 section 6.3).
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

/** Drops the connection with a RST, as when the network fails. */
export function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

/** Waits for this many milliseconds, or until the client has left. */
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

/** Resolves when the bytes were passed to the kernel, or can no longer be. */
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
