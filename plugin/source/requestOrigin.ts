import { isIPv6 } from 'node:net';
import type { WireRequest } from './wire.ts';

/** Scheme, host and port as one text, the usual port left out: what a connection goes to. */
export function requestOrigin({
  protocol,
  hostname,
  port,
}: Pick<WireRequest, 'protocol' | 'hostname' | 'port'>): string {
  const host = isIPv6(hostname) ? `[${hostname}]` : hostname;
  const usualPort = protocol === 'https:' ? 443 : 80;
  return `${protocol}//${host}${port === undefined || port === usualPort ? '' : `:${port}`}`;
}
