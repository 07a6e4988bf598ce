import { isIPv6 } from 'node:net';
import type { HttpRequest } from './httpClient.ts';

/** The scheme, host and port that a connection goes to, as one text without the default port. */
export function requestOrigin({
  protocol,
  hostname,
  port,
}: Pick<HttpRequest, 'protocol' | 'hostname' | 'port'>): string {
  const host = isIPv6(hostname) ? `[${hostname}]` : hostname;
  const usualPort = protocol === 'https:' ? 443 : 80;
  return `${protocol}//${host}${port === undefined || port === usualPort ? '' : `:${port}`}`;
}
