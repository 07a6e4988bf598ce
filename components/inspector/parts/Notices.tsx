import { useState } from 'react';
import { plural } from '../format/amounts.ts';
import { formatTime } from '../format/times.ts';
import { pageVersion } from '../pageVersion.ts';
import { formatRoute } from '../route.ts';
import type { LiveState } from '../server/createLive.ts';
import { Refusal } from './Refusal.tsx';

/** What concerns the whole page: the server is gone, was restarted, refuses, is of another version, or offline by choice. */
export function Notices({ live, version = pageVersion() }: { live: LiveState; version?: string }) {
  const { status, error, answer, restartedAt } = live;
  const [seenRestart, setSeenRestart] = useState<number>();
  return (
    <>
      {status === 'refused' && error && <Refusal error={error} />}
      {status === 'silent' && (
        <p className="note note-warn" role="alert">
          The server does not answer. {answer && `What you see is from ${formatTime(answer.now)}.`}
        </p>
      )}
      {answer !== undefined && answer.version !== version && (
        <p className="note note-warn" role="alert">
          The server has another version of the package than this page.{' '}
          <button type="button" className="button" onClick={() => location.reload()}>
            Load the page again
          </button>
        </p>
      )}
      {answer?.stats.offline && (
        <p className="note note-warn">
          The server is offline by choice: only cached images are served, no bucket is asked, and nothing is removed.{' '}
          {answer.stats.offline.missed === 0
            ? 'Nothing was missing so far.'
            : `${plural(answer.stats.offline.missed, 'image')} could not be served: `}
          {answer.stats.offline.missed > 0 && <a href={formatRoute('problems')}>see which</a>}
        </p>
      )}
      {answer?.opening !== undefined && (
        <p className="note">The cache is being opened: {plural(answer.opening.images, 'image')}.</p>
      )}
      {restartedAt !== undefined && seenRestart !== restartedAt && (
        <p className="note">
          The server was started again at {formatTime(restartedAt)}: its counters and the activity begin anew.{' '}
          <button type="button" className="button" onClick={() => setSeenRestart(restartedAt)}>
            Close
          </button>
        </p>
      )}
    </>
  );
}
