import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { ResolvedBucket, ResolvedOptions } from '../options.ts';
import { isPublicAddress } from './publicAddress.ts';
import { privateAddressError } from './privateAddressError.ts';
import { requestOrigin } from './requestOrigin.ts';
import { sharedResolve } from './sharedResolve.ts';
import { type Resolve, vettedLookup } from './vettedLookup.ts';
import type { WireRequest } from './wire.ts';

/** How the name of a request is resolved. @throws ImageCacheError HOST_NOT_ALLOWED */
type Vetting = (request: WireRequest) => LookupFunction;

/**
 * Decides which requests may go to private addresses: those to exactly the origin of a configured endpoint, or to a bucket of
 * it before its host, and those to names that the developer has listed for it. All others may not, whether the address stands in
 * the URL itself (a socket resolves no such host, so no lookup would ever see it) or is what a name resolves to.
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

/** Where requests for a bucket with an endpoint go, in path style and with the bucket before the host. */
function originsOf({ name, endpoint }: ResolvedBucket): string[] {
  if (endpoint === undefined) return [];
  const withBucket = `${endpoint.protocol}//${name}.${endpoint.host}`;
  // There is no name below an address.
  return [endpoint.origin, ...(URL.canParse(withBucket) ? [new URL(withBucket).origin] : [])];
}
