import type { StorageAnswer } from '../../../../plugin/inspectorProtocol.ts';
import { formatBytes, formatPart, plural } from '../../format/amounts.ts';

const PARTS = [
  ['originals', 'Images'],
  ['variants', 'Variants'],
  ['unclaimed', 'Unclaimed'],
  ['quarantined', 'Quarantined'],
] as const;

/** What the parts of the cache take, of what they may take. */
export function DiskBar({ storage }: { storage: StorageAnswer }) {
  const used = PARTS.reduce((sum, [part]) => sum + storage[part].size_bytes, 0);
  const whole = Math.max(storage.max_bytes, used, 1);
  return (
    <section className="stack" aria-label="Disk">
      <p className="figure">
        <strong>{formatBytes(used)}</strong> of {formatBytes(storage.max_bytes)}{' '}
        <span className="muted">
          ({formatPart(used / whole)}), {formatBytes(storage.free_bytes)} free on the disk
        </span>
      </p>
      <div className="bar" aria-hidden="true">
        {PARTS.filter(([part]) => storage[part].size_bytes > 0).map(([part]) => (
          <span key={part} data-part={part} style={{ width: `${(storage[part].size_bytes / whole) * 100}%` }} />
        ))}
      </div>
      <dl className="legend">
        {PARTS.map(([part, name]) => (
          <div key={part}>
            <dt>
              <span className="swatch" data-part={part} aria-hidden="true" />
              {name}
            </dt>
            <dd>
              {formatBytes(storage[part].size_bytes)}
              <span className="muted"> · {plural(storage[part].count, part === 'originals' ? 'image' : 'file')}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
