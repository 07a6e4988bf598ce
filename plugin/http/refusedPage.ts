import type { IncomingMessage } from 'node:http';
import type { ImageCacheError } from '../errors.ts';
import { isLoopbackHost, parseHost } from './host.ts';

/**
 * What the developer is told of a request that was refused because another origin's page sent it: the page of a backend on another
 * port of this machine is likely to be theirs, and would otherwise get its images from S3 without a word (B17). About pages of other
 * sites there is nothing to say.
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
