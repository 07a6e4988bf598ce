import type { HistoryAnswer } from '../../../../plugin/inspectorProtocol.ts';
import { formatDate } from '../../format/times.ts';
import { CHARTS } from './series.ts';

const COLUMNS = CHARTS.flatMap(({ title, series, format }) =>
  series.map(({ name, valueOf }) => ({ heading: `${title}: ${name.toLowerCase()}`, valueOf, format })),
);

/** The numbers that the charts are drawn from, the newest first. */
export function HistoryTable({ answer }: { answer: HistoryAnswer }) {
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">From</th>
            {COLUMNS.map(({ heading }) => (
              <th key={heading} scope="col" className="number">
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.points.toReversed().map((point) => (
            <tr key={point.at}>
              <th scope="row" className="nowrap">
                {formatDate(point.at)}
              </th>
              {COLUMNS.map(({ heading, valueOf, format }) => {
                const value = valueOf(point);
                return (
                  <td key={heading} className="number">
                    {value === undefined ? '' : format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
