import type { QueueAnswer, QueueItem } from '../../../plugin/inspectorProtocol.ts';
import { formatBytes, formatMs, plural } from '../format/amounts.ts';
import { formatAgo, formatTime } from '../format/times.ts';
import { WAIT_REASONS } from '../format/words.ts';
import { Empty } from '../parts/Empty.tsx';
import { ImageLink } from '../parts/ImageLink.tsx';
import { Loading } from '../parts/Loading.tsx';
import { Refusal } from '../parts/Refusal.tsx';
import { ViewHead } from '../parts/ViewHead.tsx';
import { useAnswer } from '../server/useAnswer.ts';

const EVERY_MS = 1000;

/** What is being downloaded, what waits, and why. */
export function QueueView() {
  const { answer, error } = useAnswer<QueueAnswer>(
    'queue',
    (server, signal) => server.get('queue', {}, signal),
    EVERY_MS,
  );
  return (
    <div className="view">
      <ViewHead title="Queue" line={answer && `${answer.running_count} running · ${answer.waiting_count} waiting`} />
      {error && !answer && <Refusal error={error} />}
      {!answer && !error && <Loading />}
      {answer && answer.running.length + answer.waiting.length === 0 && (
        <Empty icon="queue" title="Nothing is being downloaded">
          <p>Whatever is asked of S3 appears here while it runs or waits.</p>
        </Empty>
      )}
      {answer && answer.running.length > 0 && (
        <section className="stack">
          <h2>Running</h2>
          <ul className="queue">
            {answer.running.map((item) => (
              <Running key={`${item.kind} ${item.s3_url}`} item={item} now={answer.now} />
            ))}
          </ul>
        </section>
      )}
      {answer && answer.waiting.length > 0 && (
        <section className="stack">
          <h2>Waiting</h2>
          <ol className="queue">
            {answer.waiting.map((item) => (
              <Waiting key={`${item.kind} ${item.s3_url}`} item={item} answer={answer} />
            ))}
          </ol>
          {answer.waiting_count > answer.waiting.length && (
            <p className="muted">The first {answer.waiting.length} are shown.</p>
          )}
        </section>
      )}
      {answer && <Limits {...answer} />}
    </div>
  );
}

function Running({ item, now }: { item: QueueItem; now: number }) {
  const { s3_url, received_bytes, total_bytes, started_at = now, attempt = 1, waiters, kind } = item;
  const part = received_bytes === undefined || !total_bytes ? undefined : received_bytes / total_bytes;
  return (
    <li>
      <ImageLink url={s3_url} />
      <span className="muted nowrap">{formatMs(now - started_at)}</span>
      <progress max={1} value={part} aria-label="Bytes so far" />
      <p className="muted">
        {[
          hostOf(s3_url),
          kind === 'revalidation' && 'asks whether it has changed',
          received_bytes !== undefined &&
            `${formatBytes(received_bytes)}${total_bytes === undefined ? '' : ` of ${formatBytes(total_bytes)}`}`,
          waiters > 1 && `${waiters} wait for it`,
          attempt > 1 && `attempt ${attempt}`,
        ]
          .filter((text) => text !== false)
          .join(' · ')}
      </p>
    </li>
  );
}

function Waiting({ item, answer }: { item: QueueItem; answer: QueueAnswer }) {
  const { s3_url, queued_at, waits_for, until, urgency, place } = item;
  return (
    <li>
      <ImageLink url={s3_url} />
      <span className="muted nowrap">{formatMs(answer.now - queued_at)}</span>
      <p className="muted">
        {place !== undefined && `${place}. of ${urgency === 'visible' ? 'those on screen' : urgency} · `}
        {waits_for === undefined ? 'waits' : WAIT_REASONS[waits_for]}
        {waits_for === 'slot' &&
          ` (${answer.running_count} of ${urgency === 'visible' ? answer.limit.visible : answer.limit.background})`}
        {until !== undefined && `, until ${formatTime(until)}`}
      </p>
    </li>
  );
}

function Limits({ limit, now }: QueueAnswer) {
  return (
    <section className="stack">
      <h2>How many at once</h2>
      <p>
        {plural(limit.visible, 'image')} on screen, and {limit.background} of at most {limit.max_background} prefetches.
      </p>
      {limit.changes.length > 0 && (
        <ul className="changes muted">
          {limit.changes.map(({ at, from, to, why }) => (
            <li key={at}>
              From {from} to {to}, {formatAgo(at, now)}: {why}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}
