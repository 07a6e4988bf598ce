import type { NetworkFaults, NetworkState } from '../api.ts';

const LATENCIES = [
  { ms: 0, label: '0' },
  { ms: 500, label: '0.5' },
  { ms: 1_500, label: '1.5' },
  { ms: 3_000, label: '3 s' },
];
/** The share of requests with the fault: enough to notice it, but few enough that all pictures are loaded in the end. */
const SLOW_DOWN_SHARE = 0.3;

export interface NetworkSwitchProps {
  /** While it is `pending`, the switches are shown, but disabled. */
  network: NetworkState | 'pending';
  onChange: (faults: Partial<NetworkFaults>) => void;
}

/** Switches for faults of the network to the bucket. */
export function NetworkSwitch({ network, onChange }: NetworkSwitchProps) {
  const faults = network === 'pending' ? undefined : network;
  return (
    <section className="control network" aria-label="Network to S3">
      <p className="label">
        <span>S3 answers after</span>
      </p>
      <div className="switches">
        <fieldset className="segments" data-testid="latency">
          <legend className="hidden">Latency of each picture</legend>
          {LATENCIES.map(({ ms, label }) => (
            <label key={ms}>
              <input
                type="radio"
                name="latency"
                value={ms}
                aria-label={`${ms / 1_000} seconds`}
                checked={faults?.latencyMs === ms}
                onChange={() => onChange({ latencyMs: ms })}
              />
              <span aria-hidden="true">{label}</span>
            </label>
          ))}
        </fieldset>
        <label className="toggle" title="Three of ten requests are answered 503 SlowDown">
          <input
            type="checkbox"
            data-testid="slow-down"
            checked={(faults?.slowDown ?? 0) > 0}
            onChange={({ target }) => onChange({ slowDown: target.checked ? SLOW_DOWN_SHARE : 0 })}
          />
          <span>503s</span>
        </label>
        <label className="toggle" title="Every connection to S3 is cut">
          <input
            type="checkbox"
            data-testid="offline"
            checked={faults?.offline ?? false}
            onChange={({ target }) => onChange({ offline: target.checked })}
          />
          <span>Offline</span>
        </label>
      </div>
    </section>
  );
}
