import { useId } from 'react';
import { usePrefetch, type CacheStats, type PrefetchProgress } from 'vite-plugin-image-cache/react';
import { formatBytes, formatCount } from './format.ts';
import { PrefetchDetails } from './PrefetchDetails.tsx';

export interface PrefetchPanelProps {
  stats: CacheStats | undefined;
  /** Names of the actors, by id. */
  names: ReadonlyMap<string, string>;
  /** Prefetches pictures that are not cached. */
  onPrefetch: () => void;
}

/** The progress of the prefetch, with a button to pause it. */
export function PrefetchPanel({ stats, names, onPrefetch }: PrefetchPanelProps) {
  const { progress, pause, resume } = usePrefetch();
  const detailsId = useId();
  const { images, bytes, state } = progress;
  const counts =
    images.total === 0 ? 'nothing yet' : `${formatCount(images.completed)} of ${formatCount(images.total)}`;
  const isIncomplete = state === 'idle' && images.total > (stats?.total_entries ?? 0);

  return (
    <section className="control prefetch" aria-label="Fetching ahead">
      <p className="label">
        <span>{titleOf(progress)}</span>
        <output>
          {counts}
          <small> · {formatBytes(bytes.downloaded + bytes.cached)}</small>
        </output>
      </p>
      <div className="progress-row">
        <progress
          className="track"
          aria-label="Pictures fetched ahead"
          max={Math.max(1, images.total)}
          value={images.completed}
          data-testid="progress"
          data-state={state}
        >
          {counts}
        </progress>
        {isIncomplete ? (
          <button type="button" onClick={onPrefetch} data-testid="prefetch">
            Fetch all
          </button>
        ) : (
          <button
            type="button"
            onClick={state === 'paused' ? resume : pause}
            disabled={state === 'idle'}
            data-testid="pause"
          >
            {state === 'paused' ? 'Resume' : 'Pause'}
          </button>
        )}
        <button type="button" popoverTarget={detailsId} data-testid="details">
          Details
        </button>
      </div>
      <PrefetchDetails id={detailsId} names={names} progress={progress} />
      <p className="hidden" aria-live="polite">
        {announcement(progress)}
      </p>
    </section>
  );
}

function titleOf({ state, images }: Pick<PrefetchProgress, 'state' | 'images'>): string {
  if (state === 'paused') return 'Paused';
  if (state === 'offline') return 'Waiting for the network';
  if (state === 'waiting') return 'Waiting for S3';
  if (state === 'running') return 'Fetching ahead';
  return images.failed > 0 ? `Fetched ahead, ${formatCount(images.failed)} failed` : 'Fetched ahead';
}

/** The text for screen readers. It changes only at each quarter, because an announcement for each picture would disturb. */
function announcement({ state, images }: PrefetchProgress): string {
  if (state === 'paused' || state === 'offline' || state === 'waiting') return titleOf({ state, images });
  const quarter = images.total === 0 ? 0 : Math.floor((images.completed / images.total) * 4);
  return quarter === 0 ? '' : `${quarter * 25} percent of the pictures are fetched ahead`;
}
