import type { HistoryAnswer } from '../../../plugin/inspectorProtocol.ts';
import { formatBytes, formatMs, formatPart } from '../format/amounts.ts';
import { Empty } from '../parts/Empty.tsx';
import { Loading } from '../parts/Loading.tsx';
import { Refusal } from '../parts/Refusal.tsx';
import { ViewHead } from '../parts/ViewHead.tsx';
import type { ViewProps } from '../route.ts';
import { useAnswer } from '../server/useAnswer.ts';
import { changeQuery } from '../useRoute.ts';
import { Chart } from './trends/Chart.tsx';
import { HistoryTable } from './trends/HistoryTable.tsx';
import { CHARTS, totalsOf } from './trends/series.ts';

const SPANS: Record<HistoryAnswer['span'], string> = { '1h': '1 hour', '24h': '24 hours', '30d': '30 days' };
const EVERY_MS = 60_000;

/** How the cache has done over time. */
export function TrendsView({ query }: ViewProps) {
  const span = query['span'] === '1h' || query['span'] === '30d' ? query['span'] : '24h';
  const { answer, error, reload } = useAnswer<HistoryAnswer>(
    `history ${span}`,
    (server, signal) => server.get('history', { span }, signal),
    EVERY_MS,
  );
  const totals = answer && totalsOf(answer.points);
  return (
    <div className="view">
      <ViewHead
        title="Trends"
        line={
          answer &&
          answer.saved_bytes > 0 &&
          `Saved ${formatBytes(answer.saved_bytes)} and ${formatMs(answer.saved_ms)} in 30 days`
        }
      >
        <fieldset className="segments" aria-label="Span">
          {(Object.keys(SPANS) as HistoryAnswer['span'][]).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === span}
              onClick={() => changeQuery({ span: each === '24h' ? '' : each })}
            >
              {SPANS[each]}
            </button>
          ))}
        </fieldset>
      </ViewHead>
      {error && <Refusal error={error} onRetry={reload} />}
      {!answer && !error && <Loading />}
      {answer && totals && answer.points.length > 0 && (
        <>
          <dl className="figures">
            <Figure name="Answered from the cache" value={formatPart(totals.hitRatio)} />
            <Figure name="Not downloaded" value={formatBytes(totals.saved)} />
            <Figure name="Downloaded" value={formatBytes(totals.downloaded)} />
            <Figure name="Median miss" value={totals.missMs === undefined ? 'none' : formatMs(totals.missMs)} />
          </dl>
          {CHARTS.map((chart) => (
            <Chart key={chart.title} chart={chart} answer={answer} />
          ))}
          <details>
            <summary>All numbers</summary>
            <HistoryTable answer={answer} />
          </details>
        </>
      )}
      {answer && answer.points.length === 0 && (
        <Empty icon="trends" title={`Nothing in ${SPANS[span]}`}>
          <p>What the cache answers is counted from now on.</p>
        </Empty>
      )}
    </div>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
