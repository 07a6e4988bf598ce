import { useState } from 'react';
import type { SimulationAnswer, SimulationRequest, SimulationStatus } from '../../../plugin/inspectorProtocol.ts';
import { Loading } from '../parts/Loading.tsx';
import { Refusal } from '../parts/Refusal.tsx';
import { useSimulate } from '../parts/useSimulate.ts';
import { ViewHead } from '../parts/ViewHead.tsx';
import { useLive } from '../server/serverContext.tsx';
import { useAnswer } from '../server/useAnswer.ts';

/** In percent. Which images these are, the server decides, and it is the same ones each time. */
const SHARES = [100, 50, 25, 10];

/** Lets the server answer the app as if S3 were slow, away, or refused: for all images, or for some. */
export function SimulateView() {
  const { answer, error } = useAnswer<SimulationAnswer>('simulate', (server, signal) =>
    server.get('simulate', {}, signal),
  );
  const current = useLive().answer?.simulation ?? undefined;
  return (
    <div className="view">
      <ViewHead
        title="Simulate"
        line="How the app looks while images are late, fail, or do not come. Nothing of it reaches the cache, and it ends by itself after ten minutes."
      />
      {error && !answer && <Refusal error={error} />}
      {!answer && !error && <Loading rows={3} />}
      {answer && <Presets first={answer} current={current} />}
    </div>
  );
}

function Presets({
  first: { presets, simulation },
  current,
}: {
  /** What the server had when the view was opened. */
  first: SimulationAnswer;
  current: SimulationStatus | undefined;
}) {
  const [match, setMatch] = useState(simulation?.match ?? '');
  const [percent, setPercent] = useState(Math.round((simulation?.share ?? 1) * 100));
  const { begin, error } = useSimulate();
  const target = (): Pick<SimulationRequest, 'match' | 'share'> => ({
    ...(match.trim() !== '' && { match: match.trim() }),
    ...(percent < 100 && { share: percent / 100 }),
  });
  return (
    <>
      <div className="toolbar">
        <label className="field">
          Only an actor, or a part of the URL
          <input
            type="text"
            value={match}
            placeholder="All images"
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setMatch(event.target.value)}
          />
        </label>
        <label className="field">
          Share
          <select className="select" value={percent} onChange={(event) => setPercent(Number(event.target.value))}>
            {[...new Set([...SHARES, percent])].map((each) => (
              <option key={each} value={each}>
                {each === 100 ? 'All of them' : `${each} %`}
              </option>
            ))}
          </select>
        </label>
      </div>
      {error && <Refusal error={error} />}
      <ul className="presets">
        {presets.map(({ name, title, detail }) => (
          <li key={name}>
            <button
              type="button"
              className="preset"
              aria-pressed={current?.preset === name}
              onClick={() => begin({ preset: name, ...target() }, title)}
            >
              <strong>{title}</strong>
              <span className="muted">{detail}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
