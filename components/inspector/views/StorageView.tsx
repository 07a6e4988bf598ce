import { useState } from 'react';
import type { ActorsAnswer, StorageAnswer } from '../../../plugin/inspectorProtocol.ts';
import { formatBytes, formatCount, plural } from '../format/amounts.ts';
import { printable } from '../format/text.ts';
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Loading } from '../parts/Loading.tsx';
import { Refusal } from '../parts/Refusal.tsx';
import { Toast } from '../parts/Toast.tsx';
import { ViewHead } from '../parts/ViewHead.tsx';
import { useAnswer } from '../server/useAnswer.ts';
import { useIsOffline } from '../server/useIsOffline.ts';
import { useImageActions } from './images/useImageActions.ts';
import { ActorTable } from './storage/ActorTable.tsx';
import { DiskBar } from './storage/DiskBar.tsx';
import { Packs } from './storage/Packs.tsx';
import { Verification } from './storage/Verification.tsx';

/** What the cache takes, who of it, and whether its files are as they should be. */
export function StorageView() {
  const storage = useAnswer<StorageAnswer>('storage', (server, signal) => server.get('storage', {}, signal));
  const actors = useAnswer<ActorsAnswer>('actors', (server, signal) => server.get('actors', {}, signal));
  /** An actor, or all of them. */
  const [clearing, setClearing] = useState<{ actor?: string }>();
  const [said, setSaid] = useState<string>();
  const reload = (): void => {
    storage.reload();
    actors.reload();
  };
  const { clear } = useImageActions(setSaid, reload);
  const { answer } = storage;
  const { actor } = clearing ?? {};
  const isOffline = useIsOffline();
  return (
    <div className="view">
      <ViewHead title="Storage" line={answer && <code>{printable(answer.dir)}</code>}>
        <button type="button" className="button" onClick={reload}>
          <Icon name="refresh" />
          Refresh
        </button>
        <button
          type="button"
          className="button danger"
          disabled={isOffline || answer === undefined || answer.originals.count === 0}
          onClick={() => setClearing({})}
        >
          Clear all
        </button>
      </ViewHead>
      {storage.error && <Refusal error={storage.error} onRetry={reload} />}
      {!answer && !storage.error && <Loading />}
      {answer && (
        <>
          <DiskBar storage={answer} />
          {!answer.has_sharp && (
            <p className="note">
              Without sharp, only images up to 1 MB have a preview here, and no variants are made. Run
              <code>npm install sharp</code>
            </p>
          )}
          <Verification onDone={reload} />
          <Packs isEmpty={answer.originals.count === 0} onDone={reload} />
          {actors.answer && actors.answer.actors.length > 0 && (
            <ActorTable answer={actors.answer} onClear={(id) => setClearing({ actor: id })} />
          )}
          <section className="stack">
            <h2>Memory and processes</h2>
            <p>
              {plural(answer.memory.entries, 'image')} in memory, {formatBytes(answer.memory.size_bytes)} of{' '}
              {formatBytes(answer.memory.max_bytes)}.
            </p>
            <ul className="changes muted">
              {answer.processes.map(({ pid, is_this }) => (
                <li key={pid}>
                  Process {pid}
                  {is_this && ', this server'}
                </li>
              ))}
            </ul>
          </section>
        </>
      )}
      {clearing && (
        <ConfirmDialog
          title={actor === undefined ? 'Clear the whole cache?' : 'Clear the images of this actor?'}
          action="Clear"
          word="clear"
          onConfirm={() => clear(actor)}
          onClose={() => setClearing(undefined)}
        >
          <p>
            {actor === undefined ? (
              `${formatCount(answer?.originals.count ?? 0)} images are removed from the disk of this machine.`
            ) : (
              <>
                All images of <bdi>{printable(actor, 60)}</bdi> are removed, except those that other actors use.
              </>
            )}{' '}
            The bucket keeps them. Each is downloaded again when it is requested.
          </p>
        </ConfirmDialog>
      )}
      {said !== undefined && <Toast key={said} text={said} onClose={() => setSaid(undefined)} />}
    </div>
  );
}
