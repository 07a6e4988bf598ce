import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** The addresses of IANA's special-purpose registries (RFC 6890 and its updates): no bucket of the public internet has one. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, and the metadata service of every cloud
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
  // Not in those registries, but not public either: Azure's wire server, its second metadata service besides 169.254.169.254
  // (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16). Those of all other clouds are above.
  '168.63.129.16/32',
] as const;

/** The parts of global unicast that do not belong to ordinary hosts. */
const SPECIAL_IPV6 = [
  '2001::/23', // protocol assignments, Teredo, ORCHID, benchmarks
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4: an IPv4 address behind a relay
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
  '5f00::/16', // segment routing
] as const;

const special = new BlockList();
for (const subnet of SPECIAL_IPV4) add(subnet, 'ipv4');
for (const subnet of SPECIAL_IPV6) add(subnet, 'ipv6');

/** 2000::/3, the only part of IPv6 that is assigned. */
const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** RFC 6052: in a network without IPv4, DNS64 writes an IPv4 address in this way. */
const nat64 = new BlockList();
nat64.addSubnet('64:ff9b::', 96, 'ipv6');

/** An interface id that contains an IPv4 address (RFC 5214, ISATAP), after any prefix. */
const ISATAP = /:0?200?:?5efe:[0-9a-f:.]+$|:5efe:[0-9a-f:.]+$/i;

/** Whether the address is one of the public internet. False for a text that is not an address. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4');
  if (!isIPv6(address) || address.includes('%')) return false;
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  if (nat64.check(canonical, 'ipv6')) return isPublicAddress(embeddedIpv4(canonical));
  return globalUnicast.check(canonical, 'ipv6') && !special.check(canonical, 'ipv6') && !ISATAP.test(canonical);
}

/** The last 32 bits. A canonical address has them as one or two groups. */
function embeddedIpv4(address: string): string {
  const [before = '', after] = address.split('::');
  const groups = (after ?? before).split(':').filter((group) => group !== '');
  const [high = '0', low = '0'] = groups.length >= 2 ? groups.slice(-2) : ['0', ...groups];
  const value = (Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
}

function add(subnet: string, family: 'ipv4' | 'ipv6'): void {
  const [network = '', prefix] = subnet.split('/');
  special.addSubnet(network, Number(prefix), family);
}
