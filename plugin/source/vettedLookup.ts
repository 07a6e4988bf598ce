import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './publicAddress.ts';

/** Resolves a name to all of its addresses, as the system does. */
export type Resolve = (
  hostname: string,
  options: { all: true; family: number; hints?: number | undefined },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Creates a lookup that resolves names for sockets, and refuses names with an address of a private network, even if they also have
 * public ones. The socket connects to exactly the addresses that were checked, so an answer that changes a moment later (DNS
 * rebinding, T31) has no effect.
 * @param refusal makes the error for a name with these addresses; `undefined` for a name that may have any address
 */
export function vettedLookup(
  refusal: ((addresses: readonly string[]) => Error) | undefined,
  resolve: Resolve,
): LookupFunction {
  return (hostname, options, callback) => {
    const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
    resolve(hostname, { all: true, family, hints: options.hints }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        callback(error ?? Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), []);
        return;
      }
      if (refusal !== undefined && !addresses.every(({ address }) => isPublicAddress(address))) {
        callback(refusal(addresses.map(({ address }) => address)), []);
        return;
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}
