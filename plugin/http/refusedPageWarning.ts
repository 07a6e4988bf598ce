import type { IncomingMessage } from 'node:http';
import type { ImageCacheError } from '../errors.ts';
import { isLoopbackHost, parseHost } from './host.ts';

/**
 * The warning for the developer when the request of a page of another origin was refused. If that page is on another port of this
 * machine, it is probably the developer's own backend; without the warning, it would not be noticed that its images come from S3
 * (B17). There is no warning for pages of other sites.
 */
export function refusedPageWarning({ headers }: IncomingMessage, { code }: ImageCacheError): string | undefined {
  const { origin } = headers;
  if (code !== 'FORBIDDEN_ORIGIN' || origin === undefined || !isOfThisMachine(origin)) return undefined;
  return `A page of ${origin} was refused. If it is yours, add its origin: allowedOrigins: ['${origin}'].`;
}

function isOfThisMachine(origin: string): boolean {
  if (!/^https?:\/\//.test(origin) || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === origin && isLoopbackHost(parseHost(url.host));
}
