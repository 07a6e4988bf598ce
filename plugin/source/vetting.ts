import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { ResolvedBucket, ResolvedOptions } from '../options.ts';
import { isPublicAddress } from './publicAddress.ts';
import { privateAddressError } from './privateAddressError.ts';
import { requestOrigin } from './requestOrigin.ts';
import { sharedResolve } from './sharedResolve.ts';
import { type Resolve, vettedLookup } from './vettedLookup.ts';
import type { HttpRequest } from './httpClient.ts';

/** Gives the function that resolves the host of a request. @throws ImageCacheError HOST_NOT_ALLOWED */
type Vetting = (request: HttpRequest) => LookupFunction;

/**
 * Decides which requests may go to private addresses: those to exactly the origin of a configured endpoint, also with the bucket
 * before its host, and those to names in the option `allowPrivateAddresses`. All others may not, whether a name resolves to the
 * address, or the URL itself contains it (such a host is not resolved, so a lookup alone would not notice it).
 */
export function createVetting(
  { buckets, allowPrivateAddresses }: Pick<ResolvedOptions, 'buckets' | 'allowPrivateAddresses'>,
  resolve: Resolve = lookup,
): Vetting {
  const exemptOrigins = new Set(buckets.flatMap(originsOf));
  const exemptNames = new Set(allowPrivateAddresses);
  const ask = sharedResolve(resolve);
  const unvetted = vettedLookup(undefined, ask);

  return (request) => {
    const { hostname } = request;
    if (exemptNames.has(hostname) || exemptOrigins.has(requestOrigin(request))) return unvetted;
    const refusal = (addresses: readonly string[]) => privateAddressError(request, addresses, buckets);
    if (isIP(hostname) !== 0 && !isPublicAddress(hostname)) throw refusal([hostname]);
    return vettedLookup(refusal, ask);
  };
}

/** The origins of requests for a bucket with an endpoint: in path style, and with the bucket before the host. */
function originsOf({ name, endpoint }: ResolvedBucket): string[] {
  if (endpoint === undefined) return [];
  const withBucket = `${endpoint.protocol}//${name}.${endpoint.host}`;
  // An IP address cannot have a name before it.
  return [endpoint.origin, ...(URL.canParse(withBucket) ? [new URL(withBucket).origin] : [])];
}
