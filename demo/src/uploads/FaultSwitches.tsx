import { useEffect, useState } from 'react';
import type { NetworkFaults, NetworkState, UploadFaults } from '../../api.ts';
import { changeUploadFaults, fetchUploadFaults, restartServer } from '../backend.ts';

const SERVER: readonly { fault: UploadFaults['server']; label: string; title: string }[] = [
  { fault: 'fine', label: 'works', title: 'Pictures arrive at the dev server' },
  { fault: 'slow', label: 'is slow', title: 'Each picture takes four seconds longer' },
  { fault: 'lost-answers', label: 'loses answers', title: 'Pictures arrive, but the answer never comes back' },
  { fault: 'unreachable', label: 'is away', title: 'Every connection is cut, as when the browser is offline' },
];

type BucketFault = 'fine' | 'busy' | 'expired' | 'offline';

const BUCKET: readonly { fault: BucketFault; label: string; title: string; faults: Partial<NetworkFaults> }[] = [
  { fault: 'fine', label: 'works', title: 'Pictures arrive in the bucket', faults: {} },
  { fault: 'busy', label: 'says 503', title: 'Each picture is answered 503 SlowDown', faults: { putSlowDown: 1 } },
  { fault: 'expired', label: 'has expired keys', title: 'The credentials have expired', faults: { putExpired: 1 } },
  { fault: 'offline', label: 'is away', title: 'Every connection to S3 is cut', faults: { offline: true } },
];
const NO_FAULTS = { putSlowDown: 0, putExpired: 0, offline: false };

export interface FaultSwitchesProps {
  network: NetworkState | undefined;
  onNetworkChange: (faults: Partial<NetworkFaults>) => void;
}

/** What is broken between the browser, the dev server and the bucket. */
export function FaultSwitches({ network, onNetworkChange }: FaultSwitchesProps) {
  const [server, changeServer] = useServerFault();
  const [isRestarting, setRestarting] = useState(false);

  const restart = async () => {
    setRestarting(true);
    await restartServer().catch(() => {}); // it may be gone before it has answered
    setTimeout(() => setRestarting(false), 1_500);
  };

  return (
    <section className="faults" aria-label="What to break">
      <Choice
        name="server"
        legend="The dev server"
        choices={SERVER}
        chosen={server}
        onChoose={(fault) => changeServer(fault)}
      />
      {network !== undefined && (
        <Choice
          name="bucket"
          legend="The bucket"
          choices={BUCKET}
          chosen={bucketFault(network)}
          onChoose={(chosen) =>
            onNetworkChange({ ...NO_FAULTS, ...BUCKET.find(({ fault }) => fault === chosen)?.faults })
          }
        />
      )}
      <p className="again">
        <button type="button" onClick={() => location.reload()} data-testid="reload">
          Reload the page
        </button>
        <button type="button" onClick={() => void restart()} disabled={isRestarting} data-testid="restart">
          {isRestarting ? 'Restarting…' : 'Restart the dev server'}
        </button>
      </p>
    </section>
  );
}

interface ChoiceProps<Fault extends string> {
  name: string;
  legend: string;
  choices: readonly { fault: Fault; label: string; title: string }[];
  chosen: Fault | undefined;
  onChoose: (fault: Fault) => void;
}

function Choice<Fault extends string>({ name, legend, choices, chosen, onChoose }: ChoiceProps<Fault>) {
  return (
    <fieldset className="choice" data-testid={`fault-${name}`}>
      <legend>{legend}</legend>
      <div className="segments">
        {choices.map(({ fault, label, title }) => (
          <label key={fault} title={title}>
            <input type="radio" name={name} value={fault} checked={chosen === fault} onChange={() => onChoose(fault)} />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function bucketFault({ offline, putSlowDown, putExpired }: NetworkFaults): BucketFault {
  if (offline) return 'offline';
  if (putExpired > 0) return 'expired';
  return putSlowDown > 0 ? 'busy' : 'fine';
}

function useServerFault(): [UploadFaults['server'] | undefined, (fault: UploadFaults['server']) => void] {
  const [fault, setFault] = useState<UploadFaults['server']>();
  useEffect(() => {
    const controller = new AbortController();
    fetchUploadFaults(controller.signal).then(
      ({ server }) => setFault(server),
      () => {}, // the switches stay empty
    );
    return () => controller.abort();
  }, []);
  const change = (server: UploadFaults['server']) => {
    setFault(server);
    changeUploadFaults({ server }).catch(() => setFault(undefined));
  };
  return [fault, change];
}
