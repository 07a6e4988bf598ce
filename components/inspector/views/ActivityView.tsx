import { useEffect, useRef, useState } from 'react';
import type { Activity, LiveAnswer } from '../../../plugin/inspectorProtocol.ts';
import { formatCount, plural } from '../format/amounts.ts';
import { OUTCOMES } from '../format/words.ts';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Loading } from '../parts/Loading.tsx';
import { NewRows } from '../parts/NewRows.tsx';
import { ViewHead } from '../parts/ViewHead.tsx';
import type { ViewProps } from '../route.ts';
import { useLive } from '../server/serverContext.tsx';
import { changeQuery } from '../useRoute.ts';
import { ActivityTable } from './activity/ActivityTable.tsx';

const FILTERS = ['', 'MISS', 'HIT', 'FAILED', 'PREFETCHED', 'REVALIDATED', 'STALE'] as const;

/**
 * What the cache has answered, the newest first. Rows come by themselves only while nobody reads: with the pointer or the focus in the
 * list, scrolled, or paused, they wait until they are asked for.
 */
export function ActivityView({ query }: ViewProps) {
  const { activity, answer, dropped } = useLive();
  const [shown, setShown] = useState<readonly Activity[]>(activity);
  const [isPaused, setIsPaused] = useState(false);
  const [isRead, setIsRead] = useState(false);
  const view = useRef<HTMLDivElement>(null);
  const outcome = query['outcome'] ?? '';

  useEffect(() => {
    const isAnotherServer = (activity[0]?.seq ?? 0) < (shown[0]?.seq ?? 0);
    const isScrolled = (view.current?.closest('main')?.scrollTop ?? 0) > 0;
    if (activity !== shown && (isAnotherServer || !(isPaused || isRead || isScrolled))) setShown(activity);
  }, [activity, shown, isPaused, isRead]);

  const newest = shown[0]?.seq ?? 0;
  const waiting = activity.filter(({ seq }) => seq > newest).length;
  const rows = outcome === '' ? shown : shown.filter((each) => each.outcome === outcome);
  return (
    <div className="view" ref={view}>
      <ViewHead title="Activity" line={answer && sentence(answer.stats)}>
        <label>
          <span className="unseen">Outcome</span>
          <select className="select" value={outcome} onChange={(event) => changeQuery({ outcome: event.target.value })}>
            {FILTERS.map((each) => (
              <option key={each} value={each}>
                {each === '' ? 'All' : OUTCOMES[each]}
              </option>
            ))}
          </select>
        </label>
        <button type="button" className="button" aria-pressed={isPaused} onClick={() => setIsPaused(!isPaused)}>
          <Icon name={isPaused ? 'play' : 'pause'} />
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      </ViewHead>
      {/* The place is always there, so that nothing moves when there is something new. */}
      <div className="new-rows-place">
        {waiting > 0 && (
          <NewRows
            text={`${waiting} new`}
            onShow={() => {
              setShown(activity);
              const main = view.current?.closest('main');
              if (main) main.scrollTop = 0;
            }}
          />
        )}
      </div>
      {!answer && <Loading />}
      {answer && rows.length === 0 && (
        <Empty icon="activity" title={outcome === '' ? 'Nothing was asked for yet' : 'None of these'}>
          <p>Requests of the app appear here as they are answered.</p>
        </Empty>
      )}
      {rows.length > 0 && (
        <div
          onPointerEnter={() => setIsRead(true)}
          onPointerLeave={() => setIsRead(false)}
          onFocus={() => setIsRead(true)}
          onBlur={() => setIsRead(false)}
        >
          <ActivityTable rows={rows} />
        </div>
      )}
      {dropped > 0 && <p className="muted">{plural(dropped, 'answer')} came too fast to be shown.</p>}
    </div>
  );
}

function sentence({ hits, misses, downloads }: LiveAnswer['stats']): string {
  const failed = downloads.failed === 0 ? '' : ` · ${plural(downloads.failed, 'failed download')}`;
  return `Since the start: ${plural(hits.memory, 'hit')} in memory · ${formatCount(hits.disk)} on disk · ${plural(misses, 'miss', 'misses')}${failed}`;
}
