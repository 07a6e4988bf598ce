import { isIP } from 'node:net';
import { pathOf } from '../endpoint.ts';
import type { ResolvedBucket } from '../options.ts';

/** Where the name of the bucket stands: `server/bucket/key`, or `bucket.server/key`. */
type AddressingStyle = 'path' | 'virtual';

/** What the URLs of a bucket begin with in one style. */
export interface Address {
  readonly style: AddressingStyle;
  /** `host[:port]` */
  readonly host: string;
  /** What comes before the key in the path, slash included. */
  readonly root: string;
}

/**
 * Services that document both styles for every bucket, and whose own DNS has both names: R2, Google Cloud Storage, Spaces,
 * Wasabi, Backblaze B2, Scaleway, Linode (Akamai), Hetzner, OVHcloud, IBM Cloud. Whatever presigned a URL there may have chosen either.
 */
const BOTH_STYLES =
  /(?:^|\.)(?:r2\.cloudflarestorage\.com|storage\.googleapis\.com|digitaloceanspaces\.com|wasabisys\.com|backblazeb2\.com|scw\.cloud|linodeobjects\.com|your-objectstorage\.com|io\.cloud\.ovh\.net|cloud-object-storage\.appdomain\.cloud)$/;

/**
 * The addresses that a bucket has at an endpoint; the first is the one that canonical URLs are made of.
 *
 * A server of one's own has only the configured one. One that knows no virtual hosts ignores the name before its own, and takes
 * the first part of the path for the bucket: at `http://photos.localhost:9000/other/a.png` it reads the bucket `other`.
 */
export function addressesAt(endpoint: URL, bucket: ResolvedBucket): [Address, ...Address[]] {
  if (BOTH_STYLES.test(endpoint.hostname)) {
    return [addressIn('path', endpoint, bucket), addressIn('virtual', endpoint, bucket)];
  }
  return [addressIn(configuredStyle(endpoint, bucket), endpoint, bucket)];
}

/** The address in the style that is not configured. */
export function otherAddressAt(endpoint: URL, bucket: ResolvedBucket): Address {
  const style = configuredStyle(endpoint, bucket) === 'path' ? 'virtual' : 'path';
  return addressIn(style, endpoint, bucket);
}

/** What the SDK does, too: a name that no host can have stands in the path, whatever is configured. */
function configuredStyle({ hostname }: URL, { name, forcePathStyle }: ResolvedBucket): AddressingStyle {
  const canBeHost = /^[a-z0-9][a-z0-9.-]*$/.test(name) && isIP(hostname.replace(/^\[|\]$/g, '')) === 0;
  return forcePathStyle || !canBeHost ? 'path' : 'virtual';
}

function addressIn(style: AddressingStyle, endpoint: URL, { name }: ResolvedBucket): Address {
  const path = pathOf(endpoint);
  return style === 'path'
    ? { style, host: endpoint.host, root: `${path}/${name}/` }
    : { style, host: `${name}.${endpoint.host}`, root: `${path}/` };
}
