import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { isIP, isIPv6 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ImageCacheError } from '../errors.ts';

/** The host in a request. */
export interface Host {
  /** Lower case, without the port. */
  name: string;
  /** As in `URL.port`: empty if there is none. */
  port: string;
  /** False for an IP address. */
  isName: boolean;
}

/** `uri-host [":" port]` (RFC 9110, 7.2), but stricter than the RFC: no percent-encoding, no zone, no IPvFuture. */
const HOST = /^(?:\[(?<ipv6>[0-9a-f:.]+)\]|(?<name>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?))(?::(?<port>\d{0,5}))?$/;

/** @throws ImageCacheError INVALID_HOST */
export function parseHost(header: string): Host {
  const groups = HOST.exec(header.toLowerCase())?.groups;
  const { ipv6, name = ipv6, port = '' } = groups ?? {};
  if (name === undefined || (ipv6 !== undefined && !isIPv6(ipv6))) throw invalidHost();
  return { name: ipv6 === undefined ? name : `[${ipv6}]`, port, isName: isIP(name) === 0 };
}

/**
 * The host of a request. It is read from the raw headers, because `headers.host` hides a second one, and the server and a proxy in
 * front of it might choose different ones (RFC 9112, 3.2). HTTP/2 has `:authority`; `host` may repeat it.
 * @throws ImageCacheError INVALID_HOST
 */
export function hostHeader(request: IncomingMessage | Http2ServerRequest): string {
  const { rawHeaders, httpVersionMajor } = request; // Name, value, name, value, …
  let host: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (!isHostName(rawHeaders[index] ?? '')) continue;
    const value = rawHeaders[index + 1];
    if (host !== undefined && (httpVersionMajor < 2 || value !== host)) throw invalidHost();
    host = value;
  }
  if (host === undefined) throw invalidHost();
  return host;
}

/** Compares the length first, because the names of most headers have another one. */
function isHostName(name: string): boolean {
  if (name.length === 4) return name === 'Host' || name.toLowerCase() === 'host';
  return name.length === 10 && name.toLowerCase() === ':authority';
}

/** Whether the host is this machine's name or address for itself (RFC 6761, 6.3; RFC 1122, 3.2.1.3). */
export function isLoopbackHost({ name }: Host): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || /^127(?:\.\d+){3}$/.test(name) || name === '[::1]';
}

/** Whether the origin of a page is the host of its request. Never throws, whatever the header contains. */
export function isOwnOrigin(origin: string, host: Host, request: IncomingMessage | Http2ServerRequest): boolean {
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  // Refuses `null`, a path, a list of two, chrome-extension: and the like.
  if (page.origin !== origin || !/^https?:$/.test(page.protocol)) return false;
  // A plain socket does not tell the scheme, because TLS may end in a proxy in front of us.
  if (isEncrypted(request) && page.protocol !== 'https:') return false;
  const own = `${page.protocol}//${host.name}:${host.port}`;
  return URL.canParse(own) && new URL(own).origin === page.origin;
}

function isEncrypted({ socket }: IncomingMessage | Http2ServerRequest): boolean {
  // Only a TLSSocket has the property, and its value is always true.
  return (socket as Partial<TLSSocket>).encrypted === true;
}

function invalidHost(): ImageCacheError {
  return new ImageCacheError('INVALID_HOST', 'The request does not name exactly one well-formed host.');
}
