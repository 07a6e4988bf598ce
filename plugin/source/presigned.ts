import { requestTarget, type RawUrl } from './rawUrl.ts';
import type { HttpRequest } from './httpClient.ts';

/**
 * The request for a URL that contains its own permission, or needs none. The URL is sent byte for byte (a `%2B` that became a `+`
 * would break the signature), and without our credentials.
 */
export function presignedRequest(url: RawUrl): HttpRequest {
  const { hostname, port } = new URL(`${url.scheme}//${url.host}`);
  return {
    protocol: url.scheme === 'http:' ? 'http:' : 'https:',
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? undefined : Number(port),
    path: requestTarget(url),
    headers: {},
  };
}
