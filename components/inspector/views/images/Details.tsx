import { useEffect, useRef } from 'react';
import type { EntryAnswer } from '../../../../plugin/inspectorProtocol.ts';
import { curlLine } from '../../copy/curl.ts';
import { jsxElement } from '../../copy/jsx.ts';
import { s3Uri } from '../../copy/s3Uri.ts';
import { CopyButton } from '../../parts/CopyButton.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { nameOfUrl } from '../../parts/ImageLink.tsx';
import { Loading } from '../../parts/Loading.tsx';
import { Name } from '../../parts/Name.tsx';
import { Picture } from '../../parts/Picture.tsx';
import { Refusal } from '../../parts/Refusal.tsx';
import { formatRoute } from '../../route.ts';
import { useAnswer } from '../../server/useAnswer.ts';
import { useIsOffline } from '../../server/useIsOffline.ts';
import { useKey } from '../../useKey.ts';
import { Facts } from './Facts.tsx';
import { Places } from './Places.tsx';
import { Story } from './Story.tsx';
import { WhyFailed } from './WhyFailed.tsx';
import { WhyGone } from './WhyGone.tsx';
import type { ImageActions } from './useImageActions.ts';

interface DetailsProps {
  /** A URL of the image, or what a page of the app knows of it: its `local_path`, or the reference of an upload. */
  url: string;
  now: number;
  actions: ImageActions;
  /** Changes when the image may have changed. */
  revision: number;
  onClose(): void;
  onForget(url: string): void;
}

/** All that is known of an image: what it is, where it is, what has happened to it, and what can be done. */
export function Details({ url, now, actions, revision, onClose, onForget }: DetailsProps) {
  const { answer, error, reload } = useAnswer<EntryAnswer>(url, (server, signal) =>
    server.get('entry', /^\w+:\/\//.test(url) ? { url } : { path: url }, signal),
  );
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [url]);
  const seen = useRef(revision);
  useEffect(() => {
    if (seen.current === revision) return;
    seen.current = revision;
    reload();
  });

  // A dialog is closed by the same key.
  useKey('Escape', () => document.querySelector('dialog[open]') ?? onClose());

  const isOffline = useIsOffline();
  const { entry } = answer ?? {};
  return (
    <aside className="details" aria-labelledby="details-title">
      <div className="details-head">
        <h2 id="details-title" tabIndex={-1} ref={heading}>
          <Name text={entry?.filename ?? nameOfUrl(url)} />
        </h2>
        <button type="button" className="button quiet icon-only" aria-label="Close the details" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      {error && <Refusal error={error} onRetry={reload} />}
      {!answer && !error && <Loading rows={8} />}
      {answer && (
        <>
          {entry && (
            <div className="preview">
              <Picture key={entry.sha256} entry={entry} size={1024} />
            </div>
          )}
          {answer.failure && <WhyFailed failure={answer.failure} now={now} />}
          {!entry && <WhyGone answer={answer} now={now} />}
          <div className="actions">
            {entry && (
              <button
                type="button"
                className="button"
                onClick={() => void actions.pin([answer.s3_url], entry.pinned !== true).then(reload)}
              >
                <Icon name="pin" />
                {entry.pinned === true ? 'Unpin' : 'Pin'}
              </button>
            )}
            <button
              type="button"
              className="button"
              disabled={isOffline}
              onClick={() => void actions.refetch([answer.s3_url]).then(reload)}
            >
              <Icon name="refresh" />
              {entry ? 'Fetch again' : 'Fetch'}
            </button>
            {entry && (
              <button type="button" className="button" disabled={isOffline} onClick={() => onForget(answer.s3_url)}>
                <Icon name="trash" />
                Forget
              </button>
            )}
          </div>
          <CopyActions s3Url={answer.s3_url} filename={entry?.filename ?? nameOfUrl(url)} />
          <Places answer={answer} onAsk={async () => (await actions.ask([answer.s3_url]))?.objects[0]} />
          <Story events={answer.story} now={now} />
          {entry && <Facts entry={entry} now={now} />}
          <p>
            <a href={formatRoute('doctor', { url: answer.s3_url })}>Examine this image</a>
          </p>
        </>
      )}
    </aside>
  );
}

function CopyActions({ s3Url, filename }: { s3Url: string; filename: string }) {
  const api = new URL('./api', location.href).href;
  const uri = s3Uri(s3Url);
  const isWindows = navigator.platform.startsWith('Win');
  return (
    <fieldset className="actions copies" aria-label="Copy">
      <CopyButton text={s3Url} label="URL" />
      <CopyButton text={curlLine(api, { s3_url: s3Url, filename }, isWindows)} label="curl" of="Command" />
      {uri !== undefined && <CopyButton text={uri} label="s3://" of="Address" />}
      <CopyButton text={jsxElement(s3Url)} label="JSX" of="Element" />
    </fieldset>
  );
}
