import type { ProblemGroup, ProblemsAnswer } from '../../../plugin/inspectorProtocol.ts';
import { plural } from '../format/amounts.ts';
import { formatAgo } from '../format/times.ts';
import { Empty } from '../parts/Empty.tsx';
import { ImageLink } from '../parts/ImageLink.tsx';
import { Loading } from '../parts/Loading.tsx';
import { Refusal } from '../parts/Refusal.tsx';
import { Remedy } from '../parts/Remedy.tsx';
import { Sentences } from '../parts/Sentences.tsx';
import { ViewHead } from '../parts/ViewHead.tsx';
import { formatRoute } from '../route.ts';
import { useAnswer } from '../server/useAnswer.ts';
import { useNow } from '../server/useNow.ts';

const EVERY_MS = 5000;
const FEW = 4;
/** The most images of a group that the server names. */
const NAMED = 20;

/** What has failed, by its cause, with what to do about it. */
export function ProblemsView() {
  const { answer, error } = useAnswer<ProblemsAnswer>(
    'problems',
    (server, signal) => server.get('problems', {}, signal),
    EVERY_MS,
  );
  const now = useNow();
  const count = answer?.problems.length ?? 0;
  return (
    <div className="view">
      <ViewHead title="Problems" line={count > 0 ? `${plural(count, 'cause')}, the last first` : undefined} />
      {error && !answer && <Refusal error={error} />}
      {!answer && !error && <Loading rows={3} />}
      {answer && count === 0 && (
        <Empty icon="check" title="Nothing has failed">
          <p>
            Since the server was started. If an image still does not show,{' '}
            <a href={formatRoute('doctor')}>the doctor</a> can examine it.
          </p>
        </Empty>
      )}
      <ul className="problems">
        {answer?.problems.map((group) => (
          <Problem key={`${group.code} ${group.cause}`} group={group} now={now} />
        ))}
      </ul>
    </div>
  );
}

function Problem({
  group: { code, cause, hint, fix, count, first_at, last_at, s3_urls },
  now,
}: {
  group: ProblemGroup;
  now: number;
}) {
  return (
    <li className="problem">
      <div className="problem-head">
        <h2>
          <Sentences text={cause} maxLength={400} />
        </h2>
        <span className="nowrap">
          <strong>{plural(count, 'time')}</strong>
        </span>
      </div>
      <p className="muted">
        <code>{code}</code> · last {formatAgo(last_at, now)}
        {count > 1 && ` · first ${formatAgo(first_at, now)}`}
      </p>
      <Remedy hint={hint} fix={fix} />
      {/* A few of them are shown at once. */}
      <details open={s3_urls.length <= FEW}>
        <summary>{s3_urls.length < NAMED ? plural(s3_urls.length, 'image') : `The last ${NAMED} images`}</summary>
        <ul className="links">
          {s3_urls.map((url) => (
            <li key={url}>
              <ImageLink url={url} />
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}
