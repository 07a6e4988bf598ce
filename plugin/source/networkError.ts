import { ImageCacheError } from '../errors.ts';
import { isProxyError, proxyError } from './proxyError.ts';
import { requestOrigin } from './requestOrigin.ts';
import { speaksHttp, speaksHttps, wrongSchemeError } from './wrongScheme.ts';
import { TransientError } from './transientError.ts';
import type { HttpRequest } from './httpClient.ts';

/** Errors that another attempt cannot solve: names that do not resolve, and certificates that are not valid. */
const PERMANENT =
  /^(?:ENOTFOUND$|EPROTO$|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_|ERR_INVALID_|ERR_UNESCAPED_)/;

/** Converts any error of a socket before the head of the answer has arrived. */
export function networkError(error: Error, request: HttpRequest): ImageCacheError {
  if (error instanceof ImageCacheError) return error;
  const { hostname } = request;
  const code = codeOf(error);

  if (isProxyError(error, request)) return proxyError(error, code, hostname);
  if (speaksHttp(error) || speaksHttps(error)) return wrongSchemeError(request, error);
  if (code.startsWith('HPE_')) {
    return new ImageCacheError('UPSTREAM_ERROR', `${hostname} sent something that is not valid HTTP (${code}).`, {
      cause: error,
      hint: 'Check the endpoint of the bucket: its scheme, its port, and that an S3 server listens there.',
    });
  }
  if (code === 'EMFILE' || code === 'ENFILE') {
    return new TransientError('OVERLOADED', 'Too many files and connections are open.', {
      cause: error,
      hint: 'Raise the limit (`ulimit -n`) or lower `concurrency`.',
    });
  }
  const options = { cause: error, hint: hintOf(code, request) };
  const detail = `${hostname} cannot be reached (${code}).`;
  return PERMANENT.test(code)
    ? new ImageCacheError('UPSTREAM_UNREACHABLE', detail, options)
    : new TransientError('UPSTREAM_UNREACHABLE', detail, options);
}

/** Converts any error of a socket in the middle of a body. */
export function bodyError(error: unknown, hostname: string): ImageCacheError {
  if (error instanceof ImageCacheError) return error;
  return new TransientError('UPSTREAM_TRUNCATED', `${hostname} closed the connection before the end of the image.`, {
    cause: error,
    hint: 'Check the network, and any proxy between this machine and the bucket.',
  });
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function hintOf(code: string, request: HttpRequest): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return 'The name does not resolve: check the network, and the region or the endpoint of the bucket. Where only a proxy reaches the internet, start Node with NODE_USE_ENV_PROXY=1 and HTTPS_PROXY.';
  }
  if (code === 'ECONNREFUSED') {
    return `No server listens at ${requestOrigin(request)}: check that the server of the endpoint runs, and its port.`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'The certificate is for other names: check the host of the endpoint. If the bucket is part of the host, the certificate must cover that name, too; with path style (`forcePathStyle`) it need not.';
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return 'The certificate has expired or is not valid yet, or the clock of this machine is wrong.';
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return 'The TLS handshake failed: check the port, and which versions of TLS the server, or a proxy in between, supports.';
  }
  if (PERMANENT.test(code)) {
    return 'The certificate is not trusted. Set NODE_EXTRA_CA_CERTS to a file with the certificates of your own authority, or of the company whose network inspects TLS; or set NODE_USE_SYSTEM_CA=1, so that Node trusts the certificates of the system.';
  }
  if (code === 'ECONNRESET') {
    const other = request.protocol === 'http:' ? 'https' : 'http';
    return `The connection was closed without an answer: check the port, the scheme (does the server speak ${other}?), and any proxy or firewall in between.`;
  }
  return 'Check the network between this machine and the bucket.';
}
