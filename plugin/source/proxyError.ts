import { ImageCacheError } from '../errors.ts';
import { TransientError } from './transientError.ts';
import type { HttpRequest } from './httpClient.ts';

/** Whether the proxy failed, and not the origin: there is no tunnel, or the socket was connected to another port. */
export function isProxyError(error: Error, { protocol, port }: HttpRequest): boolean {
  if ('code' in error && error.code === 'ERR_PROXY_TUNNEL') return true;
  const originPort = port ?? (protocol === 'https:' ? 443 : 80);
  return 'port' in error && typeof error.port === 'number' && error.port !== originPort;
}

/** The error for a failed proxy. It names the proxy only by its variable, because its URL may contain a password. */
export function proxyError(error: Error, code: string, hostname: string): ImageCacheError {
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : undefined;
  const options = { cause: error, hint: hintOf(status) };
  const detail = status === undefined ? `The proxy cannot be reached (${code})` : `The proxy answered ${status}`;
  const message = `${detail}, so no request was sent to ${hostname}.`;
  return status === undefined || status >= 500
    ? new TransientError('UPSTREAM_UNREACHABLE', message, options)
    : new ImageCacheError('UPSTREAM_UNREACHABLE', message, options);
}

function hintOf(status: number | undefined): string {
  if (status === 407) return 'The proxy needs a user name and password: HTTPS_PROXY=http://user:password@host:port.';
  if (status === undefined)
    return 'Check HTTPS_PROXY and HTTP_PROXY; NO_PROXY lists the hosts for which no proxy is used.';
  if (status >= 500)
    return 'The proxy could not reach the host, whose name it resolves by itself. NO_PROXY lists the hosts for which no proxy is used.';
  return 'The proxy does not allow this host: ask its administrator, or list the host in NO_PROXY.';
}
