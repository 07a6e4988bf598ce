import type { SimulationStatus } from '../../../plugin/inspectorProtocol.ts';
import { plural } from '../format/amounts.ts';
import { formatTime } from '../format/times.ts';
import { formatRoute } from '../route.ts';
import { Refusal } from './Refusal.tsx';
import { useSimulate } from './useSimulate.ts';

/** In every view while a simulation is on, so that nobody looks for a fault that is none. */
export function SimulationBanner({ simulation }: { simulation: SimulationStatus }) {
  const { detail, match, share, until, held } = simulation;
  const { end, error } = useSimulate();
  return (
    <>
      <section className="note note-warn simulation" aria-label="Simulation">
        <p>
          <a href={formatRoute('simulate')}>
            <strong>Simulation</strong>
          </a>
          : {detail}
          {share !== undefined && ` · ${Math.round(share * 100)} %`}
          {match !== undefined && ` · ${match}`}
          {held > 0 && ` · ${plural(held, 'request')} held`} · until {formatTime(until)}
        </p>
        <button type="button" className="button" onClick={end}>
          End the simulation
        </button>
      </section>
      {error && <Refusal error={error} onRetry={end} />}
    </>
  );
}
