import { useEffect, useState } from 'react';
import type { EntriesAnswer, InspectedEntry } from '../../../plugin/inspectorProtocol.ts';
import { formatBytes, formatCount, plural } from '../format/amounts.ts';
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx';
import { Loading } from '../parts/Loading.tsx';
import { NewRows } from '../parts/NewRows.tsx';
import { Refusal } from '../parts/Refusal.tsx';
import { Toast } from '../parts/Toast.tsx';
import type { ViewProps } from '../route.ts';
import { useLive } from '../server/serverContext.tsx';
import { useNow } from '../server/useNow.ts';
import { changeQuery } from '../useRoute.ts';
import { Details } from './images/Details.tsx';
import { chosenIn, entriesQuery, SHOWN } from './images/entriesQuery.ts';
import { FileTable } from './images/FileTable.tsx';
import { ImageGrid } from './images/ImageGrid.tsx';
import { NoImages, NoMatch } from './images/NoImages.tsx';
import { SelectionBar } from './images/SelectionBar.tsx';
import { Toolbar } from './images/Toolbar.tsx';
import { useEntries } from './images/useEntries.ts';
import { useImageActions } from './images/useImageActions.ts';

const NOTHING_YET = { hits: { memory: 0, disk: 0 }, misses: 0, downloads: { completed: 0, failed: 0 } };

/** The images of the cache: pictures first. */
export function ImagesView({ query }: ViewProps) {
  const chosen = chosenIn(query);
  const { image } = query;
  const { answer: live } = useLive();
  const entries = useEntries(entriesQuery(chosen));
  const { first, error } = entries;
  const [selected, setSelected] = useState<ReadonlyMap<string, InspectedEntry>>(new Map());
  const [forgetting, setForgetting] = useState<readonly string[]>();
  const [said, setSaid] = useState<{ text: string }>();
  const [changes, setChanges] = useState(0);
  const actions = useImageActions(
    (text) => setSaid({ text }),
    () => {
      setChanges((last) => last + 1);
      entries.reload();
    },
  );
  const isEmpty = first?.total === 0;
  const { hits, misses, downloads } = live?.stats ?? NOTHING_YET;
  const requests = hits.memory + hits.disk + misses + downloads.failed;
  const now = useNow();
  const newRows = first && live ? Math.max(0, live.revision - first.revision) : 0;

  // An empty cache shows its first image by itself: there is nothing that could move.
  const { reload } = entries;
  useEffect(() => {
    if (isEmpty && newRows > 0) reload();
  });

  function toggle(entry: InspectedEntry): void {
    const next = new Map(selected);
    if (!next.delete(entry.s3_url)) next.set(entry.s3_url, entry);
    setSelected(next);
  }

  function closeDetails(): void {
    changeQuery({ image: '' });
    // The image whose details they were.
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.tile[tabindex="0"]')?.focus());
  }

  return (
    <div className={`images${image === undefined ? '' : ' has-details'}`}>
      <div className="images-main">
        <div className="images-head">
          <div className="view-head">
            <h1>Images</h1>
            <p>{first && sentence(first, SHOWN[chosen.order])}</p>
          </div>
          {!isEmpty && <Toolbar chosen={chosen} />}
          <div className="images-notes">
            {newRows > 0 && !isEmpty && <NewRows text={plural(newRows, 'change')} onShow={reload} />}
            {selected.size > 0 && (
              <SelectionBar
                selected={[...selected.values()]}
                actions={actions}
                onForget={setForgetting}
                onClear={() => setSelected(new Map())}
              />
            )}
          </div>
        </div>
        {error && (
          <div className="view">
            <Refusal error={error} onRetry={reload} />
          </div>
        )}
        {!first && !error && (
          <div className="view">
            <Loading />
          </div>
        )}
        {first &&
          (isEmpty ? (
            <NoImages requests={requests} downloads={downloads.completed} />
          ) : first.matched === 0 ? (
            <NoMatch chosen={chosen} />
          ) : first.files ? (
            <FileTable files={first.files} kind={chosen.kind} now={now} />
          ) : (
            <ImageGrid
              key={`${JSON.stringify(entriesQuery(chosen))} ${chosen.look}`}
              entries={entries}
              look={chosen.look}
              now={now}
              selected={new Set(selected.keys())}
              openUrl={image}
              onOpen={({ s3_url }) => changeQuery({ image: s3_url })}
              onSelect={toggle}
              onAction={(key, entry) => {
                if (key === 'Delete') setForgetting([entry.s3_url]);
                else if (key === 'p') void actions.pin([entry.s3_url], entry.pinned !== true);
                else void actions.refetch([entry.s3_url]);
              }}
            />
          ))}
      </div>
      {image !== undefined && (
        <Details
          url={image}
          now={now}
          actions={actions}
          revision={changes}
          onClose={closeDetails}
          onForget={(url) => setForgetting([url])}
        />
      )}
      {forgetting && (
        <ConfirmDialog
          title={forgetting.length === 1 ? 'Forget this image?' : `Forget ${plural(forgetting.length, 'image')}?`}
          action="Forget"
          onConfirm={async () => {
            await actions.forget(forgetting);
            setSelected(new Map());
          }}
          onClose={() => setForgetting(undefined)}
        >
          <p>It is removed from the cache. The bucket keeps it, and the next request downloads it again.</p>
        </ConfirmDialog>
      )}
      {said && <Toast key={said.text} text={said.text} onClose={() => setSaid(undefined)} />}
    </div>
  );
}

/** One line that says how many there are, and how many of them can be looked at. */
function sentence({ total, matched, matched_bytes, reachable, files }: EntriesAnswer, shown: string): string {
  if (total === 0) return '';
  const what = files ? plural(matched, 'file') : plural(matched, 'image');
  const of = matched === total || files ? '' : ` of ${formatCount(total)}`;
  const part = reachable < matched ? ` · the ${formatCount(reachable)} ${shown} are shown` : '';
  return `${what}${of} · ${formatBytes(matched_bytes)}${part}`;
}
