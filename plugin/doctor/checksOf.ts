import { createTracedClient } from '../source/index.ts';
import type { Check } from './check.ts';
import { bucketChecks } from './checks/bucket/bucketChecks.ts';
import { createBucketFacts } from './checks/bucket/facts.ts';
import { directoryCheck } from './checks/disk/directory.ts';
import { limitsCheck } from './checks/disk/limits.ts';
import { placeCheck } from './checks/disk/place.ts';
import { privateCheck } from './checks/disk/private.ts';
import { spaceCheck } from './checks/disk/space.ts';
import { writableCheck } from './checks/disk/writable.ts';
import { createImageFacts } from './checks/image/facts.ts';
import { imageChecks } from './checks/image/imageChecks.ts';
import { sharpCheck } from './checks/images/sharp.ts';
import { allowedHostsCheck } from './checks/server/allowedHosts.ts';
import { certificatesCheck } from './checks/server/certificates.ts';
import { duplicateCheck } from './checks/server/duplicate.ts';
import { nodeCheck } from './checks/server/node.ts';
import { offlineCheck, unasked } from './checks/server/offline.ts';
import { proxyCheck } from './checks/server/proxy.ts';
import { requestsCheck } from './checks/server/requests.ts';
import { viteCheck } from './checks/server/vite.ts';
import type { Installation } from './installation.ts';

/** Of more buckets than these, the others are not asked. */
const MAX_BUCKETS = 20;

/** What can be said of an image by what is here. */
const WITHOUT_S3 = new Set(['image.identity', 'image.cached', 'image.signature']);

/** “Is this installation well?” @param signal ends all requests */
export function installationChecks(installation: Installation, signal: AbortSignal): Check[] {
  const { options, probes } = installation;
  const { kind, vite } = installation.server;
  const client = createTracedClient(options, probes.resolve);
  const names = options.buckets.map(({ name }) => name);
  return [
    nodeCheck(installation),
    ...(options.offline ? [offlineCheck()] : []),
    ...(vite === undefined ? [] : [viteCheck(vite), duplicateCheck(vite), allowedHostsCheck(vite)]),
    ...(kind === 'command' ? [] : [requestsCheck(installation)]),
    proxyCheck(installation),
    certificatesCheck(installation),
    directoryCheck(installation),
    privateCheck(installation),
    writableCheck(installation),
    spaceCheck(installation),
    limitsCheck(installation),
    placeCheck(installation),
    sharpCheck(installation),
    ...options.buckets.slice(0, MAX_BUCKETS).flatMap((bucket, index) => {
      // One bucket may be listed once for each style of its URLs.
      const isFirst = names.indexOf(bucket.name) === index;
      const about = isFirst ? bucket.name : `${bucket.name} (entry ${index + 1})`;
      const checks = bucketChecks(createBucketFacts(installation, bucket, about, client, signal));
      return options.offline ? checks.map(unasked) : checks;
    }),
  ];
}

/** “What about this image?” @param signal ends all requests */
export function explainChecks(installation: Installation, url: string, signal: AbortSignal): Check[] {
  const client = createTracedClient(installation.options, installation.probes.resolve);
  const checks = imageChecks(createImageFacts(installation, url, client, signal));
  if (!installation.options.offline) return checks;
  return [offlineCheck(), ...checks.map((check) => (WITHOUT_S3.has(check.id) ? check : unasked(check)))];
}
