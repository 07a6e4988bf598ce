import type { CacheStatus } from 'vite-plugin-image-cache/react';
import { formatMs } from './format.ts';

const NAMES: Readonly<Record<CacheStatus['from'], string>> = {
  memory: 'memory',
  disk: 'disk',
  s3: 'S3',
  browser: 'browser',
  cdn: 'CDN',
  origin: 'S3 directly',
};

/** Shows where a picture came from, and how long it took. */
export function Badge({ status }: { status: CacheStatus }) {
  return (
    <figcaption className="badge" data-testid="badge" data-from={status.from}>
      {NAMES[status.from]} <span className="ms">{formatMs(status.ms)}</span>
    </figcaption>
  );
}
