import { useEffect, useRef, useState } from 'react';
import type { DoctorAnswer, DoctorCheck } from '../../../plugin/inspectorProtocol.ts';
import { imageKey } from '../../client/imageKey.ts';
import { plural } from '../format/amounts.ts';
import { useAnnounce } from '../parts/announcer.tsx';
import { CopyButton } from '../parts/CopyButton.tsx';
import { Icon } from '../parts/Icon.tsx';
import { Loading } from '../parts/Loading.tsx';
import { Refusal } from '../parts/Refusal.tsx';
import { ViewHead } from '../parts/ViewHead.tsx';
import type { ViewProps } from '../route.ts';
import { useServer } from '../server/serverContext.tsx';
import { type ServerError, toServerError } from '../server/serverError.ts';
import { changeQuery } from '../useRoute.ts';
import { CheckGroups } from './doctor/CheckGroups.tsx';

type Line = DoctorCheck | (DoctorAnswer & { done: true });

/** Whether this installation is well, or why one image does not show. */
export function DoctorView({ query }: ViewProps) {
  const address = query['url'] ?? '';
  const [typed, setTyped] = useState({ url: '', address: '' });
  // The address may be sent to somebody, and stays in the history of the browser, so it has no signature.
  const url = typed.address === address && typed.url !== '' ? typed.url : address;
  const server = useServer();
  const announce = useAnnounce();
  const [checks, setChecks] = useState<readonly DoctorCheck[]>([]);
  const [answer, setAnswer] = useState<DoctorAnswer>();
  const [error, setError] = useState<ServerError>();
  const [turn, setTurn] = useState(0);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const control = new AbortController();
    const examine = async (): Promise<void> => {
      setChecks([]);
      setAnswer(undefined);
      setError(undefined);
      const path = url === '' ? 'doctor' : `doctor?url=${encodeURIComponent(url)}`;
      for await (const line of server.lines<Line>('GET', path, control.signal)) {
        if (!('done' in line)) setChecks((last) => [...last, line]);
        else {
          setChecks(line.checks);
          setAnswer(line);
          announce(verdict(line));
        }
      }
    };
    examine().catch((thrown: unknown) => {
      if (control.signal.aborted) return;
      setError(toServerError(thrown));
    });
    return () => control.abort();
  }, [server, announce, url, turn]);

  return (
    <div className="view">
      <ViewHead title="Doctor" line={answer && verdict(answer)}>
        {answer && <CopyButton text={answer.environment} label="Copy for an issue" of="Environment" />}
        <button type="button" className="button" onClick={() => setTurn(turn + 1)}>
          <Icon name="refresh" />
          Examine again
        </button>
      </ViewHead>
      <form
        className="examine"
        onSubmit={(event) => {
          event.preventDefault();
          const entered = field.current?.value.trim() ?? '';
          const unsigned = imageKey(entered);
          setTyped({ url: entered, address: unsigned });
          changeQuery({ url: unsigned });
        }}
      >
        <label className="search">
          <span className="unseen">URL of an image that does not show</span>
          <Icon name="search" />
          <input
            key={url}
            ref={field}
            type="text"
            inputMode="url"
            defaultValue={url}
            placeholder="URL of an image that does not show"
            spellCheck={false}
            autoComplete="off"
          />
        </label>
        <button type="submit" className="button primary">
          Examine
        </button>
        {url !== '' && (
          <button type="button" className="button" onClick={() => changeQuery({ url: '' })}>
            The whole installation
          </button>
        )}
      </form>
      {error && <Refusal error={error} onRetry={() => setTurn(turn + 1)} />}
      {checks.length === 0 && !error && <Loading />}
      <CheckGroups checks={checks} />
      {answer && (
        <details>
          <summary>What is copied for an issue</summary>
          <pre className="snippet">{answer.environment}</pre>
        </details>
      )}
    </div>
  );
}

function verdict({ checks }: DoctorAnswer): string {
  const count = (status: DoctorCheck['status']): number => checks.filter((check) => check.status === status).length;
  const [failed, warned] = [count('fail'), count('warn')];
  if (failed + warned === 0) return `All is well: ${plural(count('ok'), 'check')}`;
  return [failed > 0 && `${failed} to mend`, warned > 0 && plural(warned, 'warning')]
    .filter((text) => text !== false)
    .join(', ');
}
