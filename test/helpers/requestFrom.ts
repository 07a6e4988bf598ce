import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

/** A request as Node would create it, from any address. Real connections in a test come from loopback only. */
export function requestFrom(
  remoteAddress: string | undefined,
  headers: Record<string, string>,
  method = 'GET',
): IncomingMessage {
  const request = new IncomingMessage(Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress }));
  request.method = method;
  request.httpVersionMajor = 1;
  request.rawHeaders = Object.entries(headers).flat();
  request.headers = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return request;
}
