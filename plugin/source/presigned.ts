import { requestTarget, type RawUrl } from './rawUrl.ts';
import type { WireRequest } from './wire.ts';

/**
 * The request for a URL that brings its own permission, or needs none: byte for byte as asked (a `%2B` that became
 * a `+` breaks the signature), and with nothing of ours.
 */
export function presignedRequest(url: RawUrl): WireRequest {
  const { hostname, port } = new URL(`${url.scheme}//${url.host}`);
  return {
    protocol: url.scheme === 'http:' ? 'http:' : 'https:',
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? undefined : Number(port),
    path: requestTarget(url),
    headers: {},
  };
}
