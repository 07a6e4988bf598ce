import { useState } from 'react';
import type { AskAnswer, EntryAnswer, ImagePlace } from '../../../../plugin/inspectorProtocol.ts';
import { formatBytes } from '../../format/amounts.ts';
import { useIsOffline } from '../../server/useIsOffline.ts';

const NAMES: Record<ImagePlace['place'], string> = {
  memory: 'Memory',
  disk: 'Disk',
  variants: 'Variants',
  unclaimed: 'Unclaimed file',
  quarantine: 'Quarantine',
  server_outbox: 'Outbox of the server',
  bucket: 'Bucket',
};

type BucketState = AskAnswer['objects'][number];

const BUCKET_STATES: Record<BucketState['state'], string> = {
  present: 'there, as cached',
  changed: 'there, but changed',
  absent: 'not there',
  failed: 'no answer',
};

/** Where an image is. */
export function Places({ answer, onAsk }: { answer: EntryAnswer; onAsk: () => Promise<BucketState | undefined> }) {
  const [asked, setAsked] = useState<BucketState | 'asking'>();
  if (answer.places.length === 0 && answer.variants.length === 0) return null;
  return (
    <section>
      <h3>Places</h3>
      <table className="table">
        <thead className="unseen">
          <tr>
            <th scope="col">Place</th>
            <th scope="col">State</th>
            <th scope="col">Size</th>
          </tr>
        </thead>
        <tbody>
          {answer.places.map(({ place, state, detail, size_bytes }) => (
            <tr key={place} className={state === 'absent' ? 'muted' : undefined}>
              <th scope="row">{NAMES[place]}</th>
              <td>
                {place === 'bucket' && state === 'unknown' ? (
                  <AskButton
                    asked={asked}
                    onAsk={async () => {
                      setAsked('asking');
                      setAsked(await onAsk());
                    }}
                  />
                ) : (
                  `${state === 'present' ? 'here' : state === 'absent' ? 'no' : 'not known'}${detail === undefined ? '' : ` · ${detail}`}`
                )}
              </td>
              <td className="number">{state === 'present' && size_bytes !== undefined && formatBytes(size_bytes)}</td>
            </tr>
          ))}
          {answer.variants.map(({ spec, size_bytes }) => (
            <tr key={spec}>
              <th scope="row" className="muted">
                Variant
              </th>
              <td>{spec}</td>
              <td className="number">{formatBytes(size_bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function AskButton({ asked, onAsk }: { asked: BucketState | 'asking' | undefined; onAsk: () => Promise<void> }) {
  const isOffline = useIsOffline();
  if (asked !== undefined && asked !== 'asking')
    return <>{`${BUCKET_STATES[asked.state]} ${asked.detail ?? ''}`.trim()}</>;
  if (isOffline) return <>Not asked, since the server is offline</>;
  return (
    <button type="button" className="link" disabled={asked === 'asking'} onClick={() => void onAsk()}>
      {asked === 'asking' ? 'Asking' : 'Not asked: ask the bucket'}
    </button>
  );
}
