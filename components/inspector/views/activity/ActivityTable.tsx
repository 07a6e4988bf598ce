import type { Activity } from '../../../../plugin/inspectorProtocol.ts';
import { formatBytes, formatMs } from '../../format/amounts.ts';
import { printable } from '../../format/text.ts';
import { formatTime } from '../../format/times.ts';
import { formatMiss, OUTCOMES } from '../../format/words.ts';
import { ImageLink } from '../../parts/ImageLink.tsx';
import { Sentences } from '../../parts/Sentences.tsx';

/** Answers, one a row. What failed says why, and what to do. */
export function ActivityTable({ rows }: { rows: readonly Activity[] }) {
  return (
    <div className="table-scroll">
      <table className="table activity">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Outcome</th>
            <th scope="col">Image</th>
            <th scope="col">Actor</th>
            <th scope="col" className="number">
              Took
            </th>
            <th scope="col" className="number">
              Size
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.seq} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row }: { row: Activity }) {
  const { at, outcome, tier, s3_url, actor_id, duration_ms, queue_ms, size_bytes, count = 1 } = row;
  return (
    <tr data-outcome={outcome}>
      <td className="muted nowrap">{formatTime(at)}</td>
      <td>
        <span className="outcome">
          <span className="dot" aria-hidden="true" />
          {OUTCOMES[outcome]}
          {outcome === 'HIT' && tier !== undefined && <span className="muted"> {tier}</span>}
          {count > 1 && <span className="muted">× {count}</span>}
        </span>
        <Why row={row} />
      </td>
      <td className="cell-name">
        <ImageLink url={s3_url} />
      </td>
      <td className="muted">
        <bdi>{printable(actor_id ?? '', 40)}</bdi>
      </td>
      <td className="number" title={queue_ms === undefined ? undefined : `${formatMs(queue_ms)} of them in the queue`}>
        {duration_ms !== undefined && formatMs(duration_ms)}
      </td>
      <td className="number">{size_bytes !== undefined && formatBytes(size_bytes)}</td>
    </tr>
  );
}

function Why({ row }: { row: Activity }) {
  const { at, reason, detail, hint } = row;
  if (reason !== undefined) return <p className="why muted">{formatMiss(row, at)}</p>;
  if (detail === undefined) return null;
  return (
    <p className="why">
      <span className="text-fail">
        <Sentences text={detail} maxLength={600} />
      </span>{' '}
      {hint !== undefined && <Sentences text={hint} maxLength={600} />}
    </p>
  );
}
