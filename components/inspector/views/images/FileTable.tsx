import type { InspectedFile } from '../../../../plugin/inspectorProtocol.ts';
import { formatBytes } from '../../format/amounts.ts';
import { printable } from '../../format/text.ts';
import { formatAgo } from '../../format/times.ts';

/** Files that are not in the manifest, which have no pictures to show: nobody knows yet what they are. */
export function FileTable({ files, kind, now }: { files: readonly InspectedFile[]; kind: string; now: number }) {
  return (
    <div className="view">
      <p className="muted">
        {kind === 'unclaimed'
          ? 'Files of images without an entry in the manifest. Each gets one when its image is requested, and they make room first.'
          : 'Files that had other bytes than they should. They are kept to be looked at, and never served.'}
      </p>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">File</th>
              <th scope="col" className="number">
                Size
              </th>
              <th scope="col" className="number">
                Changed
              </th>
            </tr>
          </thead>
          <tbody>
            {files.map(({ path, size_bytes, modified_at }) => (
              <tr key={path}>
                <td>
                  <code>{printable(path)}</code>
                </td>
                <td className="number">{formatBytes(size_bytes)}</td>
                <td className="number">{formatAgo(modified_at, now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
