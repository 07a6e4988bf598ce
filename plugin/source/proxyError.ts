import { ImageCacheError } from '../errors.ts';
import { TransientError } from './transientError.ts';
import type { WireRequest } from './wire.ts';

/** Whether it was the proxy that failed: it made no tunnel, or the socket went to another port than the origin has. */
export function isProxyError(error: Error, { protocol, port }: WireRequest): boolean {
  if ('code' in error && error.code === 'ERR_PROXY_TUNNEL') return true;
  const originPort = port ?? (protocol === 'https:' ? 443 : 80);
  return 'port' in error && typeof error.port === 'number' && error.port !== originPort;
}

/** What the proxy of the environment did instead. Names the proxy by its variable: its URL may hold a password. */
export function proxyError(error: Error, code: string, hostname: string): ImageCacheError {
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const options = { cause: error, hint: hintOf(status) };
  const detail = status === undefined ? `The proxy cannot be reached (${code})` : `The proxy answered ${status}`;
  const message = `${detail}, so ${hostname} was not asked.`;
  return status === undefined || status >= 500
    ? new TransientError('UPSTREAM_UNREACHABLE', message, options)
    : new ImageCacheError('UPSTREAM_UNREACHABLE', message, options);
}

function hintOf(status: number | undefined): string {
  if (status === 407) return 'The proxy wants a user name and password: HTTPS_PROXY=http://user:password@host:port.';
  if (status === undefined)
    return 'Check HTTPS_PROXY and HTTP_PROXY; NO_PROXY lists the hosts that are asked without it.';
  if (status >= 500)
    return 'The proxy could not reach the host: it resolves the name by itself. NO_PROXY lists the hosts that are asked without it.';
  return 'The proxy does not let this host through: ask whoever runs it, or list the host in NO_PROXY.';
}
