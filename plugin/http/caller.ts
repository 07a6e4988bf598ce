import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import { hostHeader, isLoopbackHost, isOwnOrigin, parseHost } from './host.ts';

/**
 * Whether a browser's headers say that the request comes from a page of the app, or from a page of `allowedOrigins`. Call it after
 * the guard, which refuses every request whose `Origin` or `Sec-Fetch-Site` is that of another site. On
 * `http://192.168.0.2:5173`, a browser sends neither with an `<img>` or a GET, but it sends `Referer` (the default policy,
 * `strict-origin-when-cross-origin`, sends it to the page's own origin).
 *
 * Limits: other programs can send these headers, too, so they keep out other pages, but not other machines. And a page with the
 * referrer policy `no-referrer` at such an address is not recognised.
 */
export function isOwnPage(request: IncomingMessage, allowedOrigins: readonly string[]): boolean {
  const { origin, 'sec-fetch-site': site, referer } = request.headers;
  if (origin !== undefined || site !== undefined) return true;
  if (referer === undefined || !URL.canParse(referer)) return false;
  const page = new URL(referer).origin;
  return allowedOrigins.includes(page) || isOwnOrigin(page, parseHost(hostHeader(request)), request);
}

/**
 * Whether a request comes from this machine, and was sent to this machine's own name. A tunnel or a proxy also connects from
 * loopback, but its requests have another host, or a header that it adds. Such a header can only make a request be refused: none
 * of them lets a request in, whatever address it names.
 *
 * Limit: a proxy on this machine that adds no header, and sends `localhost` as the host, looks like `curl`.
 */
export function isLocal(request: IncomingMessage): boolean {
  if (!isLoopback(request.socket.remoteAddress) || isForwarded(request.headers)) return false;
  return isLoopbackHost(parseHost(hostHeader(request)));
}

/** An unknown address (of a Unix socket, or a closed one) is not loopback: the peer of a Unix socket is usually a proxy. */
export function isLoopback(address = ''): boolean {
  const ipv4 = address.replace(/^::ffff:/i, '');
  return address === '::1' || (isIPv4(ipv4) && ipv4.startsWith('127.'));
}

/** Headers of RFC 7239 and RFC 9110, 7.6.3, and others that proxies, tunnels and CDNs add in practice. */
const FORWARDED = /^(?:forwarded|via|x-forwarded.*|x-real-ip|x-client-ip|x-original-.*|cf-.*|true-client-ip|fly-.*)$/;

function isForwarded(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => FORWARDED.test(name));
}
