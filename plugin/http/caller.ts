import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import { hostHeader, isLoopbackHost, isOwnOrigin, parseHost } from './host.ts';

/**
 * Whether a browser says that a page of ours asks, or a page of `allowedOrigins`. To be asked after the guard, which has
 * refused every request whose `Origin` or `Sec-Fetch-Site` is another's. On `http://192.168.0.2:5173` a browser sends
 * neither with an `<img>` or a GET, but it does send `Referer` (the default policy, `strict-origin-when-cross-origin`, sends
 * it to the page's own origin).
 *
 * Limits: anything but a browser can send these headers, too, so they keep other pages out and not other machines. And a
 * page with the referrer policy `no-referrer` at such an address is not recognised.
 */
export function isOwnPage(request: IncomingMessage, allowedOrigins: readonly string[]): boolean {
  const { origin, 'sec-fetch-site': site, referer } = request.headers;
  if (origin !== undefined || site !== undefined) return true;
  if (referer === undefined || !URL.canParse(referer)) return false;
  const page = new URL(referer).origin;
  return allowedOrigins.includes(page) || isOwnOrigin(page, parseHost(hostHeader(request)), request);
}

/**
 * Whether a request comes from this machine, and was meant for this machine. A tunnel or a proxy hands on from loopback what
 * others ask, and gives itself away by the host it was asked for, or by a header that it adds. Such a header only ever takes
 * trust away: none of them is believed to let a request in, whatever address it names.
 *
 * Limit: a proxy on this machine that adds no header, and asks for `localhost` itself, looks like `curl`.
 */
export function isLocal(request: IncomingMessage): boolean {
  if (!isLoopback(request.socket.remoteAddress) || isForwarded(request.headers)) return false;
  return isLoopbackHost(parseHost(hostHeader(request)));
}

/** Unknown (a Unix socket, or one already gone) is not loopback: a Unix socket's peer is a proxy as a rule. */
export function isLoopback(address = ''): boolean {
  const ipv4 = address.replace(/^::ffff:/i, '');
  return address === '::1' || (isIPv4(ipv4) && ipv4.startsWith('127.'));
}

/** RFC 7239 and RFC 9110, 7.6.3, and what proxies, tunnels and CDNs add in practice. */
const FORWARDED = /^(?:forwarded|via|x-forwarded.*|x-real-ip|x-client-ip|x-original-.*|cf-.*|true-client-ip|fly-.*)$/;

function isForwarded(headers: IncomingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => FORWARDED.test(name));
}
