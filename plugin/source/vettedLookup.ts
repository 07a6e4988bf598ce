import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { ImageCacheError } from '../errors.ts';
import { isPublicAddress } from './publicAddress.ts';

/** Resolves a name to all of its addresses, as the system does. */
export type Resolve = (
  hostname: string,
  options: { all: true; family: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves names for sockets, and refuses those that lead into private networks. The socket connects to the very
 * addresses that were looked at, so an answer that changes a moment later (DNS rebinding, T31) changes nothing; one
 * private address among public ones is refused as well.
 *
 * Limit: a network that gives AWS's names private addresses on purpose (an interface endpoint with private DNS) must be named:
 * a configured `endpoint` is not vetted.
 */
export function vettedLookup(resolve: Resolve = lookup): LookupFunction {
  return (hostname, options, callback) => {
    const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
    resolve(hostname, { all: true, family }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        callback(error ?? Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), []);
        return;
      }
      if (!addresses.every(({ address }) => isPublicAddress(address))) {
        callback(privateHost(hostname), []);
        return;
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function privateHost(hostname: string): ImageCacheError {
  return new ImageCacheError('HOST_NOT_ALLOWED', `${hostname} resolves to an address of a private network.`, {
    hint: 'If the bucket is there on purpose, name its server in `endpoint`: a configured endpoint is not vetted.',
  });
}
