import { ImageCacheError } from '../errors.ts';
import { requestOrigin } from './requestOrigin.ts';
import type { HttpRequest } from './httpClient.ts';

/** OpenSSL's messages for an answer that is not TLS. Node reports them as EPROTO, newer versions with a code of their own. */
const NO_TLS = /wrong.version.number|packet.length.too.long|http.request/i;

/** How https servers answer a plain http request, with the status 400: nginx, Go (MinIO), Apache, Tomcat. */
const WANTS_TLS =
  /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|speaking plain HTTP to an SSL-enabled|host and port requires TLS/i;

/** Whether an https request failed because the server speaks http. */
export function speaksHttp(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  return (code === 'EPROTO' || code.startsWith('ERR_SSL_')) && NO_TLS.test(`${code} ${error.message}`);
}

/** Whether an http request was answered by a TLS record (RFC 8446, 5.1). */
export function speaksHttps(error: Error): boolean {
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : Buffer.alloc(0);
  return (packet[0] === 0x15 || packet[0] === 0x16) && packet[1] === 0x03;
}

/** Whether the body of an answer says that the server wants https. */
export function wantsHttps(status: number, body: string): boolean {
  return status === 400 && WANTS_TLS.test(body);
}

/** The error for a server that speaks the other scheme. */
export function wrongSchemeError(request: HttpRequest, cause: Error): ImageCacheError {
  const [speaks, other] = request.protocol === 'https:' ? ['http', 'https'] : ['https', 'http'];
  const { hostname } = request;
  return new ImageCacheError(
    'UPSTREAM_UNREACHABLE',
    `${hostname} does not speak ${other}: it seems to speak ${speaks}.`,
    {
      cause,
      hint: wrongSchemeHint(requestOrigin(request)),
    },
  );
}

/** The hint if the server behind an origin speaks the other scheme. */
export function wrongSchemeHint(origin: string): string {
  const [scheme = '', rest = ''] = origin.split('://');
  const isSecure = scheme === 'https';
  const remedy = `If it is the \`endpoint\` of the bucket, write endpoint: '${isSecure ? 'http' : 'https'}://${rest}'`;
  return isSecure ? `${remedy}; otherwise, a proxy or the login page of a network has answered instead.` : `${remedy}.`;
}
