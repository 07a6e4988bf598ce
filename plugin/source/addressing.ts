import { isIP } from 'node:net';
import { pathOf } from '../endpoint.ts';
import type { ResolvedBucket } from '../options.ts';

/** Where a URL has the name of the bucket: `server/bucket/key`, or `bucket.server/key`. */
type AddressingStyle = 'path' | 'virtual';

/** The beginning of a bucket's URLs in one style. */
export interface Address {
  readonly style: AddressingStyle;
  /** `host[:port]` */
  readonly host: string;
  /** The part of the path before the key, with its last slash. */
  readonly root: string;
}

/**
 * Services that document both styles for every bucket, and whose DNS has both names: R2, Google Cloud Storage, Spaces, Wasabi,
 * Backblaze B2, Scaleway, Linode (Akamai), Hetzner, OVHcloud, IBM Cloud. A presigned URL of theirs may have either style.
 */
const BOTH_STYLES =
  /(?:^|\.)(?:r2\.cloudflarestorage\.com|storage\.googleapis\.com|digitaloceanspaces\.com|wasabisys\.com|backblazeb2\.com|scw\.cloud|linodeobjects\.com|your-objectstorage\.com|io\.cloud\.ovh\.net|cloud-object-storage\.appdomain\.cloud)$/;

/**
 * The addresses of a bucket at an endpoint. Canonical URLs use the first one.
 *
 * At any other server, only the configured style is accepted. A server that does not support virtual hosts ignores the name before
 * its own, and uses the first part of the path as the bucket: for `http://photos.localhost:9000/other/a.png` it reads the bucket
 * `other`.
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

/** As in the SDK, a name that cannot be part of a host is in the path, whatever is configured. */
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
