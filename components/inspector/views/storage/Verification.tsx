import { useState } from 'react';
import type { CheckAnswer, CheckLine } from '../../../../plugin/inspectorProtocol.ts';
import type { VerifyLine, VerifyReport, VerifyStepName } from '../../../../plugin/protocol.ts';
import { formatCount, formatMs, plural } from '../../format/amounts.ts';
import { printable } from '../../format/text.ts';
import { useAnnounce } from '../../parts/announcer.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Refusal } from '../../parts/Refusal.tsx';
import { useServer } from '../../server/serverContext.tsx';
import { ServerError } from '../../server/serverError.ts';
import { useLongCall } from '../../server/useLongCall.ts';

const STEPS: Record<VerifyStepName | 'check', string> = {
  check: 'Look at all files, and compare their bytes',
  scan: 'Look at all files',
  rehash: 'Compare their bytes',
  repair: 'Repair from other files',
  drop: 'Drop what is lost',
  clean: 'Remove what was left half-written',
};

const PROBLEMS: Record<CheckAnswer['problems'][number]['kind'], string> = {
  missing: 'in the manifest, not on disk',
  damaged: 'has other bytes than it should',
  unclaimed: 'on disk, not in the manifest',
  stray: 'none of the files of the cache',
  quarantined: 'in quarantine',
};

type Result = (VerifyReport & { done: true }) | CheckAnswer;

/** Compares the files with the manifest: only looking, or mending what is wrong. The steps are seen as they run. */
export function Verification({ onDone }: { onDone: () => void }) {
  const server = useServer();
  const announce = useAnnounce();
  const [progress, setProgress] = useState<ReadonlyMap<keyof typeof STEPS, { checked: number; total: number }>>();
  const { result, error, run } = useLongCall<Result>();

  async function examine(mends: boolean): Promise<void> {
    setProgress(new Map());
    await run(async (signal) => {
      const lines = mends
        ? server.lines<VerifyLine>('POST', 'verify', signal)
        : server.lines<CheckLine>('GET', 'check', signal);
      let last: Result | undefined;
      for await (const line of lines) {
        if ('error' in line) throw new ServerError(line.error.detail, { hint: line.error.hint });
        if ('done' in line) {
          last = line;
          announce(sentence(line));
        } else setProgress((steps) => new Map(steps).set('step' in line ? line.step : 'check', line));
      }
      onDone();
      return last;
    });
    setProgress(undefined);
  }

  return (
    <section className="stack">
      <div className="view-head">
        <div>
          <h2>Files and manifest</h2>
          <p>{result ? sentence(result) : 'Check only looks. Verify also mends what it finds.'}</p>
        </div>
        <div className="actions">
          <button
            type="button"
            className="button"
            disabled={progress !== undefined}
            onClick={() => void examine(false)}
          >
            <Icon name="search" />
            Check
          </button>
          <button type="button" className="button" disabled={progress !== undefined} onClick={() => void examine(true)}>
            <Icon name="check" />
            Verify
          </button>
        </div>
      </div>
      {error && <Refusal error={error} />}
      {progress && (
        <ol className="steps">
          {[...progress].map(([step, { checked, total }]) => (
            <li key={step}>
              <span>{STEPS[step]}</span>
              <progress max={Math.max(total, 1)} value={total === 0 ? 1 : checked} aria-label={STEPS[step]} />
              <span className="muted number">
                {formatCount(checked)} of {formatCount(total)}
              </span>
            </li>
          ))}
        </ol>
      )}
      {result && 'problems' in result && result.problems.length > 0 && (
        <ul className="found">
          {result.problems.map(({ kind, path }) => (
            <li key={`${kind} ${path}`}>
              <code>{printable(path)}</code> <span className="muted">{PROBLEMS[kind]}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function sentence(result: Result): string {
  if ('problem_count' in result) {
    const found = result.problem_count === 0 ? 'all is well' : plural(result.problem_count, 'problem');
    return `${plural(result.checked, 'file')} looked at: ${found}.`;
  }
  const { entries, took_ms, damaged, missing, repaired, dropped, quarantined, cleaned } = result;
  const found = Object.entries({ damaged, missing, repaired, dropped, quarantined, cleaned })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${formatCount(count)} ${name}`);
  return `${plural(entries, 'image')} verified in ${formatMs(took_ms)}: ${found.length === 0 ? 'all is well' : found.join(', ')}.`;
}
