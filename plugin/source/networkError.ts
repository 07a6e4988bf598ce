import { ImageCacheError } from '../errors.ts';
import { TransientError } from './transientError.ts';

/** Names that do not resolve and certificates that do not hold are no better a second later. */
const PERMANENT =
  /^(?:ENOTFOUND$|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_|ERR_INVALID_|ERR_UNESCAPED_)/;

/** Any error of a socket, before the head of an answer is there. */
export function networkError(error: Error, hostname: string): ImageCacheError {
  if (error instanceof ImageCacheError) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;

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
  const options = { cause: error, hint: hintOf(code) };
  const detail = `${hostname} cannot be reached (${code}).`;
  return PERMANENT.test(code)
    ? new ImageCacheError('UPSTREAM_UNREACHABLE', detail, options)
    : new TransientError('UPSTREAM_UNREACHABLE', detail, options);
}

/** Any error of a socket in the middle of a body. */
export function bodyError(error: unknown, hostname: string): ImageCacheError {
  if (error instanceof ImageCacheError) return error;
  return new TransientError('UPSTREAM_TRUNCATED', `${hostname} closed the connection before the end of the image.`, {
    cause: error,
    hint: 'Check the network, and any proxy between this machine and the bucket.',
  });
}

function hintOf(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return 'The name does not resolve: check the network, and the region or the endpoint of the bucket.';
  }
  if (code === 'ECONNREFUSED') return 'Nothing listens there: check that the server of the endpoint runs.';
  if (PERMANENT.test(code)) {
    return 'The certificate is not trusted: NODE_EXTRA_CA_CERTS names a file with the certificates of your own authority.';
  }
  return 'Check the network between this machine and the bucket.';
}
