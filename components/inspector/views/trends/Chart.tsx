import type { HistoryAnswer, HistoryPoint } from '../../../../plugin/inspectorProtocol.ts';
import { type ChartSpec, roundUp } from './series.ts';

/** The units of the drawing: it is stretched to the width of the page. */
const WIDTH = 1000;
const HEIGHT = 160;
const DASH = 8;
const SPAN_MS: Record<HistoryAnswer['span'], number> = { '1h': 3_600_000, '24h': 86_400_000, '30d': 2_592_000_000 };

/** A drawing of numbers that are also in the table below, so screen readers pass over it. */
export function Chart({ chart, answer }: { chart: ChartSpec; answer: HistoryAnswer }) {
  const { title, kind, series, format } = chart;
  const { points, span, step_ms } = answer;
  const end = (points.at(-1)?.at ?? 0) + step_ms;
  const start = end - SPAN_MS[span];
  const shown = points.filter(({ at }) => at >= start);
  const most = Math.max(0, ...shown.map((point) => heightOf(chart, point)));
  const top = roundUp(most);
  const x = (at: number): number => ((at - start) / (end - start)) * WIDTH;
  const y = (value: number): number => HEIGHT - (value / top) * HEIGHT;
  const barWidth = Math.max((step_ms / (end - start)) * WIDTH - 2, 1);

  return (
    <figure className="chart">
      <figcaption>
        <h2>{title}</h2>
        <ul className="legend-line">
          {series.map(({ name, tone }) => (
            <li key={name}>
              <span className="swatch" data-tone={tone} aria-hidden="true" />
              {name}
            </li>
          ))}
        </ul>
      </figcaption>
      <div className="chart-box" aria-hidden="true">
        <span className="axis-top">{format(top)}</span>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
          {[0, 0.5, 1].map((part) => (
            <line key={part} className="axis" x1={0} x2={WIDTH} y1={y(top * part)} y2={y(top * part)} />
          ))}
          {kind === 'bars'
            ? shown.map((point) => (
                <Bar key={point.at} chart={chart} point={point} x={x(point.at)} width={barWidth} y={y} />
              ))
            : series.map(({ name, tone, valueOf }) => (
                <path
                  key={name}
                  className="line"
                  data-tone={tone}
                  d={linePath(shown, valueOf, (at) => x(at + step_ms / 2), y)}
                />
              ))}
        </svg>
        <span className="axis-start">{timeOf(start, span)}</span>
        <span className="axis-end">{timeOf(end, span)}</span>
      </div>
    </figure>
  );
}

function Bar({
  chart,
  point,
  x,
  width,
  y,
}: {
  chart: ChartSpec;
  point: HistoryPoint;
  x: number;
  width: number;
  y: (value: number) => number;
}) {
  let below = 0;
  return chart.series.map(({ name, tone, valueOf }) => {
    const value = valueOf(point) ?? 0;
    const from = below;
    below += value;
    return value === 0 ? null : (
      <rect key={name} data-tone={tone} x={x} y={y(below)} width={width} height={Math.max(y(from) - y(below), 0.8)} />
    );
  });
}

function heightOf({ kind, series }: ChartSpec, point: HistoryPoint): number {
  const values = series.map(({ valueOf }) => valueOf(point) ?? 0);
  return kind === 'lines' ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0);
}

/** A line that is broken where nothing is known. A value alone between two gaps becomes a short dash, as a dot would not be seen. */
function linePath(
  points: readonly HistoryPoint[],
  valueOf: (point: HistoryPoint) => number | undefined,
  x: (at: number) => number,
  y: (value: number) => number,
): string {
  let isDrawing = false;
  return points
    .map((point, index) => {
      const value = valueOf(point);
      if (value === undefined) {
        isDrawing = false;
        return '';
      }
      const next = points[index + 1];
      const isAlone = !isDrawing && (next === undefined || valueOf(next) === undefined);
      const at = x(point.at);
      const height = y(value).toFixed(1);
      const step = isAlone
        ? `M${(at - DASH / 2).toFixed(1)} ${height}h${DASH}`
        : `${isDrawing ? 'L' : 'M'}${at.toFixed(1)} ${height}`;
      isDrawing = true;
      return step;
    })
    .join('');
}

function timeOf(at: number, span: HistoryAnswer['span']): string {
  const date = new Date(at);
  if (span === '30d') return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
  const day = span === '24h' ? ({ weekday: 'short' } as const) : {};
  return date.toLocaleTimeString('en-GB', { ...day, hour: '2-digit', minute: '2-digit' });
}
