import { ImageCacheError } from '../errors.ts';
import { requestOrigin } from './requestOrigin.ts';
import type { WireRequest } from './wire.ts';

/** What OpenSSL says of an answer that is no TLS; Node hands it on as EPROTO, newer ones by a code of its own. */
const NO_TLS = /wrong.version.number|packet.length.too.long|http.request/i;

/** What servers of https say under 400 to a request of plain http: nginx, Go (MinIO), Apache, Tomcat. */
const WANTS_TLS =
  /plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|speaking plain HTTP to an SSL-enabled|host and port requires TLS/i;

/** Whether a request of https failed because the server speaks http. */
export function speaksHttp(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  return (code === 'EPROTO' || code.startsWith('ERR_SSL_')) && NO_TLS.test(`${code} ${error.message}`);
}

/** Whether a request of http was answered by a TLS record (RFC 8446, 5.1). */
export function speaksHttps(error: Error): boolean {
  const packet = 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : Buffer.alloc(0);
  return (packet[0] === 0x15 || packet[0] === 0x16) && packet[1] === 0x03;
}

/** Whether the body of an answer says that the server wants https. */
export function wantsHttps(status: number, body: string): boolean {
  return status === 400 && WANTS_TLS.test(body);
}

/** The refusal of a server that speaks the other scheme. */
export function wrongSchemeError(request: WireRequest, cause: Error): ImageCacheError {
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

/** What to write when the server behind an origin speaks the other scheme. */
export function wrongSchemeHint(origin: string): string {
  const [scheme = '', rest = ''] = origin.split('://');
  const isSecure = scheme === 'https';
  const remedy = `If it is the \`endpoint\` of the bucket, write endpoint: '${isSecure ? 'http' : 'https'}://${rest}'`;
  return isSecure
    ? `${remedy}; otherwise a proxy, or the login page of a network, answers in its place.`
    : `${remedy}.`;
}
