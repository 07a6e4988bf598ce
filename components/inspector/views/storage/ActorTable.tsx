import type { ActorsAnswer } from '../../../../plugin/inspectorProtocol.ts';
import { formatBytes, formatCount, plural } from '../../format/amounts.ts';
import { printable } from '../../format/text.ts';
import { Icon } from '../../parts/Icon.tsx';
import { formatRoute } from '../../route.ts';
import { useServer } from '../../server/serverContext.tsx';
import { useIsOffline } from '../../server/useIsOffline.ts';

/** Who has how many images, the largest first. */
export function ActorTable({ answer, onClear }: { answer: ActorsAnswer; onClear: (actor: string) => void }) {
  const isOffline = useIsOffline();
  const { actors, total } = answer;
  const server = useServer();
  const largest = Math.max(...actors.map(({ size_bytes }) => size_bytes), 1);
  return (
    <section className="stack">
      <h2>Actors</h2>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Actor</th>
              <th scope="col" aria-hidden="true" className="meter-cell" />
              <th scope="col" className="number">
                Images
              </th>
              <th scope="col" className="number">
                Size
              </th>
              <th scope="col">
                <span className="unseen">Export and clear</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {actors.map(({ actor_id, entries, size_bytes, pinned }) => (
              <tr key={actor_id}>
                <th scope="row">
                  <a className="image-link" href={formatRoute('images', { actor: actor_id })}>
                    <bdi>{printable(actor_id, 60)}</bdi>
                  </a>
                  {pinned && <span className="muted"> pinned</span>}
                </th>
                <td aria-hidden="true" className="meter-cell">
                  <span className="meter" style={{ width: `${(size_bytes / largest) * 100}%` }} />
                </td>
                <td className="number">{formatCount(entries)}</td>
                <td className="number">{formatBytes(size_bytes)}</td>
                <td className="number">
                  <a
                    className="button quiet icon-only"
                    href={server.url('export', { actor_id })}
                    download="images.tar"
                    aria-label={`Export ${printable(actor_id, 60)}`}
                    title="Export"
                  >
                    <Icon name="download" />
                  </a>
                  <button
                    type="button"
                    className="button quiet icon-only"
                    aria-label={`Clear ${printable(actor_id, 60)}`}
                    title="Clear"
                    disabled={isOffline}
                    onClick={() => onClear(actor_id)}
                  >
                    <Icon name="trash" />
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {total > actors.length && <p className="muted">{plural(total, 'actor')}; the largest 200 are shown.</p>}
    </section>
  );
}
