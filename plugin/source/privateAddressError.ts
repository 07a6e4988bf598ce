import { isIP } from 'node:net';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import { requestOrigin } from './requestOrigin.ts';
import type { WireRequest } from './wire.ts';

/** The names of S3 itself, also in the forms that no URL of a bucket has here (access points, S3 Express). */
const AWS_NAME = /(?:^|\.)amazonaws\.(?:com|com\.cn|eu)$/;

/**
 * The refusal of a server whose address is private. It names no address that a name resolves to, since the error may reach a
 * browser, and what a network calls its hosts is its own affair.
 */
export function privateAddressError(
  request: WireRequest,
  addresses: readonly string[],
  buckets: readonly ResolvedBucket[],
): ImageCacheError {
  const { hostname } = request;
  const detail = isIP(hostname) === 0 ? 'resolves to an address' : 'is an address';
  const hint = [looksLike(addresses), remedy(request, buckets)].filter((part) => part !== undefined).join(' ');
  return new ImageCacheError('HOST_NOT_ALLOWED', `${hostname} ${detail} of a private network.`, { hint });
}

/** Answers of DNS that have a usual cause. */
function looksLike(addresses: readonly string[]): string | undefined {
  if (addresses.some((address) => /^198\.1[89]\./.test(address))) {
    return '198.18.0.0/15 is what a VPN or proxy client with fake-IP DNS (Clash, Surge and others) answers for every name.';
  }
  if (addresses.some((address) => /^64:ff9b:1:/i.test(address))) {
    return '64:ff9b:1::/48 is what the DNS of a network without IPv4 answers where it has a NAT64 of its own.';
  }
  return undefined;
}

function remedy(request: WireRequest, buckets: readonly ResolvedBucket[]): string {
  const { hostname } = request;
  const isListed = AWS_NAME.test(hostname) || buckets.some(({ cdn }) => cdn.includes(hostname));
  if (isListed) return `If that is on purpose, set the option allowPrivateAddresses: ['${hostname}'].`;
  // The options do not name it, so the configuration of the AWS SDK does.
  const origin = requestOrigin(request);
  return `If the bucket is there on purpose, as \`endpoint_url\` of the AWS profile may say, write it down: endpoint: '${origin}'. A configured endpoint is not vetted.`;
}
