import type { InspectedEntry } from '../../../../plugin/inspectorProtocol.ts';
import { formatBytes } from '../../format/amounts.ts';
import { printable } from '../../format/text.ts';
import { formatAgo } from '../../format/times.ts';
import { Icon } from '../../parts/Icon.tsx';
import { Name } from '../../parts/Name.tsx';
import { Picture } from '../../parts/Picture.tsx';

interface TileProps {
  entry: InspectedEntry | undefined;
  isSelected: boolean;
  look: 'grid' | 'list';
  now: number;
}

/** An image in the grid or in the list; an empty box of the same size while it has not come. */
export function Tile({ entry, isSelected, look, now }: TileProps) {
  if (entry === undefined) return <span className="picture" />;
  // What is seen is short; what is heard is a sentence.
  return (
    <>
      <span className="unseen">{tileText(entry)}</span>
      <Picture key={entry.sha256} entry={entry} size={look === 'grid' && devicePixelRatio > 1.25 ? 1024 : 256} />
      {isSelected && (
        <span className="tile-check">
          <Icon name="check" />
        </span>
      )}
      <span className="tile-name" aria-hidden="true">
        <Name text={entry.filename} />
      </span>
      <span className="tile-facts" aria-hidden="true">
        <span>{formatBytes(entry.size_bytes)}</span>
        <span className="tier" data-tier={entry.in_memory ? 'memory' : 'disk'}>
          <span className="dot" aria-hidden="true" />
          {entry.in_memory ? 'memory' : 'disk'}
        </span>
        {entry.is_stale && <span className="text-warn">stale</span>}
        {entry.pinned === true && (
          <span className="tile-pin" title="Pinned">
            <Icon name="pin" />
          </span>
        )}
      </span>
      {look === 'list' && (
        <>
          <bdi className="tile-actor" aria-hidden="true">
            {printable(entry.actor_id, 60)}
          </bdi>
          <span className="tile-used" aria-hidden="true">
            {formatAgo(entry.last_used_at, now)}
          </span>
        </>
      )}
    </>
  );
}

/** The image for somebody who cannot see it. */
function tileText(entry: InspectedEntry): string {
  const { filename, size_bytes, in_memory, is_stale, pinned, width, height } = entry;
  return [
    printable(filename, 120),
    width !== undefined && height !== undefined && `${width} by ${height}`,
    formatBytes(size_bytes),
    in_memory ? 'in memory' : 'on disk',
    is_stale && 'stale',
    pinned === true && 'pinned',
  ]
    .filter((part) => part !== false)
    .join(', ');
}
