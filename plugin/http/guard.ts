import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ImageCacheError } from '../errors.ts';

export interface GuardOptions {
  /** Origins whose pages may use the API although they are not ours, e.g. `https://admin.example.com`. */
  allowedOrigins: readonly string[];
  /**
   * Host names the API answers to, besides `localhost` and IP addresses; `.example.com` means the domain and its
   * subdomains. The grammar is that of Vite's `server.allowedHosts`, and `true` allows every name, as there.
   */
  allowedHosts: readonly string[] | true;
}

type GuardedRequest = IncomingMessage | Http2ServerRequest;

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A check that throws unless a request is one of our own pages', or a person's on this machine. Vite has no such
 * check for a plugin's routes: its CORS prevents reading an answer but not sending a request (T1), and its host check
 * is off under https.
 *
 * - The **host** must be `localhost`, a name below it, an IP address or one of `allowedHosts`. A page that rebinds its
 *   own DNS name to 127.0.0.1 is same-origin to the browser, and only the name gives it away. An address is safe for
 *   the same reason: rebinding needs a name.
 * - The **origin** must be our own, by `Sec-Fetch-Site`, or else by `Origin`. `same-site` is not enough: ports do not
 *   count there, so that every other `localhost` server is same-site. A page of `allowedOrigins` always passes.
 * - A request with **neither header** is not a page's `fetch`, form or script: it may read, and change things when it
 *   comes from this machine (curl, T3).
 *
 * Limits. `Forwarded` and `X-Forwarded-*` are never believed, so behind a reverse proxy on the same machine every
 * request without the two headers counts as local: let the proxy ask for a login. And browsers send `Sec-Fetch-Site`
 * to https and loopback only: on `http://192.168.0.2:5173` another site's `<img>` looks like curl, may load, and is kept
 * from its page by `Cross-Origin-Resource-Policy` alone.
 *
 * @returns a function that throws ImageCacheError INVALID_HOST, FORBIDDEN_HOST or FORBIDDEN_ORIGIN
 */
export function createGuard({ allowedOrigins, allowedHosts }: GuardOptions): (request: GuardedRequest) => void {
  const isAllowedName = allowedHosts === true ? () => true : nameMatcher(allowedHosts);
  const trusted = new Set(allowedOrigins);

  // Most requests name the same host as the one before.
  let latest: { header: string; host: Host } | undefined;
  const hostOf = (request: GuardedRequest): Host => {
    const header = hostHeader(request);
    if (header !== latest?.header) latest = { header, host: parseHost(header) };
    return latest.host;
  };

  return function guard(request) {
    const host = hostOf(request);
    if (host.isName && !isAllowedName(host.name)) throw forbiddenHost(host.name);

    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined && trusted.has(origin)) return;
    if (site !== undefined) {
      if (site !== 'same-origin' && site !== 'none') throw forbiddenOrigin();
    } else if (origin !== undefined) {
      if (!isOwnOrigin(origin, host, request)) throw forbiddenOrigin();
    } else if (!SAFE_METHODS.has(request.method ?? '') && !isLoopback(request.socket.remoteAddress)) {
      throw forbiddenPeer();
    }
  };
}

interface Host {
  /** Lower case, without the port. */
  name: string;
  /** As `URL.port` has it: empty for none. */
  port: string;
  /** False for an IP address. */
  isName: boolean;
}

/** `uri-host [":" port]` (RFC 9110, 7.2), narrower than the RFC: no percent-encoding, no zone, no IPvFuture. */
const HOST = /^(?:\[(?<ipv6>[0-9a-f:.]+)\]|(?<name>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?))(?::(?<port>\d{0,5}))?$/;

function parseHost(header: string): Host {
  const groups = HOST.exec(header.toLowerCase())?.groups;
  const { ipv6, name = ipv6, port = '' } = groups ?? {};
  if (name === undefined || (ipv6 !== undefined && !isIPv6(ipv6))) throw invalidHost();
  return { name: ipv6 === undefined ? name : `[${ipv6}]`, port, isName: isIP(name) === 0 };
}

/** Most names have another length, and need not be looked at. */
function isHostName(name: string): boolean {
  if (name.length === 4) return name === 'Host' || name.toLowerCase() === 'host';
  return name.length === 10 && name.toLowerCase() === ':authority';
}

/**
 * The one host a request names. Read from the raw headers, because `headers.host` hides a duplicate: the server and a
 * proxy in front of it may choose different ones (RFC 9112, 3.2). HTTP/2 has `:authority`; `host` may repeat it.
 */
function hostHeader(request: GuardedRequest): string {
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

function nameMatcher(allowedHosts: readonly string[]): (name: string) => boolean {
  const allowed = ['.localhost', ...allowedHosts.map((host) => host.toLowerCase())];
  return (name) => allowed.some((host) => name === host || (host.startsWith('.') && `.${name}`.endsWith(host)));
}

/** Whether a page's origin is the host that it asks. Never throws: anything may stand in the header. */
function isOwnOrigin(origin: string, host: Host, request: GuardedRequest): boolean {
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  // `null`, a path, a list of two, chrome-extension: and the like.
  if (page.origin !== origin || !/^https?:$/.test(page.protocol)) return false;
  // A plain socket says nothing of the scheme: TLS may end in a proxy in front of us.
  if (isEncrypted(request) && page.protocol !== 'https:') return false;
  const own = `${page.protocol}//${host.name}:${host.port}`;
  return URL.canParse(own) && new URL(own).origin === page.origin;
}

function isEncrypted({ socket }: GuardedRequest): boolean {
  // Only a TLSSocket has the property, and there it is always true.
  return (socket as Partial<TLSSocket>).encrypted === true;
}

/** Unknown (a Unix socket, or one already gone) is not loopback: a Unix socket's peer is a proxy as a rule. */
function isLoopback(address = ''): boolean {
  const ipv4 = address.replace(/^::ffff:/i, '');
  return address === '::1' || (isIPv4(ipv4) && ipv4.startsWith('127.'));
}

function invalidHost(): ImageCacheError {
  return new ImageCacheError('INVALID_HOST', 'The request does not name exactly one well-formed host.');
}

function forbiddenHost(name: string): ImageCacheError {
  return new ImageCacheError('FORBIDDEN_HOST', `The image cache does not answer to the host name '${name}'.`, {
    hint: `If the name is yours, add '${name}' to the option \`allowedHosts\` (or to Vite's \`server.allowedHosts\`).`,
  });
}

function forbiddenOrigin(): ImageCacheError {
  return new ImageCacheError('FORBIDDEN_ORIGIN', 'The request comes from a page of another origin.', {
    hint: 'If the page is yours, add its origin to the option `allowedOrigins`.',
  });
}

function forbiddenPeer(): ImageCacheError {
  return new ImageCacheError(
    'FORBIDDEN_ORIGIN',
    'A request without Origin may change the cache from this machine only.',
    {
      hint: 'Send it from the machine that runs the server, or with the Origin header of a page that the API belongs to.',
    },
  );
}
