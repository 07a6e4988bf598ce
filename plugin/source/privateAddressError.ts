import { isIP } from 'node:net';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import { requestOrigin } from './requestOrigin.ts';
import type { HttpRequest } from './httpClient.ts';

/** Host names of S3 itself, including those that are not accepted in URLs of a bucket (access points, S3 Express). */
const AWS_NAME = /(?:^|\.)amazonaws\.(?:com|com\.cn|eu)$/;

/**
 * The refusal of a server with a private address. It does not name the address that a name resolves to, because the error may reach
 * a browser, and the hosts of a private network should not be revealed.
 */
export function privateAddressError(
  request: HttpRequest,
  addresses: readonly string[],
  buckets: readonly ResolvedBucket[],
): ImageCacheError {
  const { hostname } = request;
  const detail = isIP(hostname) === 0 ? 'resolves to an address' : 'is an address';
  const hint = [looksLike(addresses), remedy(request, buckets)].filter((part) => part !== undefined).join(' ');
  return new ImageCacheError('HOST_NOT_ALLOWED', `${hostname} ${detail} of a private network.`, { hint });
}

/** The usual cause of some answers of DNS. */
function looksLike(addresses: readonly string[]): string | undefined {
  if (addresses.some((address) => /^198\.1[89]\./.test(address))) {
    return 'A VPN or proxy client with fake-IP DNS (Clash, Surge and others) gives every name an address in 198.18.0.0/15.';
  }
  if (addresses.some((address) => /^64:ff9b:1:/i.test(address))) {
    return 'The DNS of a network without IPv4 that has a NAT64 of its own answers with addresses in 64:ff9b:1::/48.';
  }
  return undefined;
}

function remedy(request: HttpRequest, buckets: readonly ResolvedBucket[]): string {
  const { hostname } = request;
  const isListed = AWS_NAME.test(hostname) || buckets.some(({ cdn }) => cdn.includes(hostname));
  if (isListed) return `If that is on purpose, set the option allowPrivateAddresses: ['${hostname}'].`;
  // The host is not in the options, so it comes from the configuration of the AWS SDK.
  const origin = requestOrigin(request);
  return `If the bucket is there on purpose, e.g. because of \`endpoint_url\` in the AWS profile, add endpoint: '${origin}' to it. A configured endpoint is not vetted.`;
}
