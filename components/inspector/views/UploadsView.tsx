import { useEffect, useMemo, useState } from 'react';
import type { UploadCancelAnswer, UploadsAnswer, UploadStatus } from '../../../plugin/uploadProtocol.ts';
import { type ObservedUpload, observeOutboxes } from '../../uploads/observeOutboxes.ts';
import { plural } from '../format/amounts.ts';
import { printable } from '../format/text.ts';
import { useAnnounce } from '../parts/announcer.tsx';
import { ConfirmDialog } from '../parts/ConfirmDialog.tsx';
import { Empty } from '../parts/Empty.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Refusal } from '../parts/Refusal.tsx';
import { ViewHead } from '../parts/ViewHead.tsx';
import { useLive, useServer } from '../server/serverContext.tsx';
import { ServerError, toServerError } from '../server/serverError.ts';
import { useAnswer } from '../server/useAnswer.ts';
import { BrowserUploads } from './uploads/BrowserUploads.tsx';
import { ServerUploads } from './uploads/ServerUploads.tsx';
import { StorageNote } from './uploads/StorageNote.tsx';

const EVERY_MS = 2000;

type Discarded = { browser: ObservedUpload } | { server: UploadStatus };

/** Pictures on their way to the bucket: those in this browser's storage, and those on the server's disk. */
export function UploadsView() {
  const server = useServer();
  const announce = useAnnounce();
  const outboxes = useMemo(() => observeOutboxes(), []);
  useEffect(() => () => void outboxes.close(), [outboxes]);
  const { answer: live } = useLive();
  const project = live?.uploads?.project;
  const inBrowser = useAnswer('outbox', () => outboxes.list(), EVERY_MS);
  const onServer = useAnswer<UploadsAnswer | 'off'>(
    `uploads ${live === undefined ? '' : (project ?? 'off')}`,
    async (server, signal) => {
      if (project === undefined) return 'off';
      server.setProject(project);
      return server.get<UploadsAnswer>('uploads', {}, signal);
    },
    EVERY_MS,
  );
  const [discarded, setDiscarded] = useState<Discarded>();
  const [failure, setFailure] = useState<ServerError>();
  const reload = (): void => {
    inBrowser.reload();
    onServer.reload();
  };

  async function run(what: string, action: () => Promise<unknown>): Promise<void> {
    setFailure(undefined);
    try {
      await action();
      announce(what);
    } catch (error) {
      setFailure(toServerError(error));
    }
    reload();
  }

  async function discard(chosen: Discarded): Promise<void> {
    if ('browser' in chosen) await outboxes.discard(chosen.browser);
    else await server.send<UploadCancelAnswer>('DELETE', `uploads/${chosen.server.job_id}`);
    announce('Discarded.');
    reload();
  }

  const jobs = onServer.answer === 'off' ? [] : (onServer.answer?.jobs ?? []);
  const uploads = inBrowser.answer ?? [];
  const blocked = onServer.answer === 'off' ? undefined : (onServer.answer?.blocked ?? onServer.answer?.paused);
  const error = failure ?? onServer.error;
  const isEmpty =
    live !== undefined &&
    inBrowser.answer !== undefined &&
    onServer.answer !== undefined &&
    uploads.length + jobs.length === 0;
  return (
    <div className="view">
      <ViewHead
        title="Uploads"
        line={
          isEmpty
            ? undefined
            : `${plural(uploads.length, 'picture')} in this browser · ${plural(jobs.length, 'picture')} on the server`
        }
      >
        <button type="button" className="button" onClick={reload}>
          <Icon name="refresh" />
          Refresh
        </button>
      </ViewHead>
      {error && <Refusal error={error} />}
      {blocked && <Refusal error={new ServerError(blocked.detail, { code: blocked.code, hint: blocked.hint })} />}
      {isEmpty && (
        <Empty icon="uploads" title="No uploads">
          <p>
            {onServer.answer === 'off'
              ? 'The option `uploads` is not set, and this browser keeps no pictures.'
              : 'Pictures that pages of this app upload appear here until the bucket has them.'}
          </p>
        </Empty>
      )}
      {uploads.length > 0 && (
        <BrowserUploads
          uploads={uploads}
          bytesOf={(upload) => outboxes.bytesOf(upload)}
          onRetry={(upload) => void run('Tried again.', () => outboxes.retry(upload))}
          onExport={(upload) =>
            void run('Saved.', async () => {
              if (!(await outboxes.saveToDisk(upload)))
                throw new ServerError('The browser does not have the bytes any more.');
            })
          }
          onDiscard={(upload) => setDiscarded({ browser: upload })}
        />
      )}
      {jobs.length > 0 && (
        <ServerUploads
          jobs={jobs}
          onRetry={(job) => void run('Tried again.', () => server.send('POST', `uploads/${job.job_id}/retry`, {}))}
          onDiscard={(job) => setDiscarded({ server: job })}
        />
      )}
      <StorageNote />
      {discarded && (
        <ConfirmDialog
          title="Discard this picture?"
          action="Discard"
          onConfirm={() => discard(discarded)}
          onClose={() => setDiscarded(undefined)}
        >
          <p>
            <bdi>
              {printable(
                'browser' in discarded ? discarded.browser.filename : (discarded.server.filename ?? 'It'),
                120,
              )}
            </bdi>{' '}
            is not in the bucket yet. Once it is discarded, it is lost.
          </p>
        </ConfirmDialog>
      )}
    </div>
  );
}
