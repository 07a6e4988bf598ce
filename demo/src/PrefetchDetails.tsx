import { memo, useState } from 'react';
import type { ActorProgress, PrefetchProgress } from 'vite-plugin-image-cache/react';
import { formatBytes } from './format.ts';

const SHOWN_FAILURES = 3;

export interface PrefetchDetailsProps {
  id: string;
  /** Names of the actors, by id. */
  names: ReadonlyMap<string, string>;
  progress: PrefetchProgress;
}

/** A popover with the progress of each actor, and the reasons of failures. It renders nothing while it is closed. */
export function PrefetchDetails({ id, names, progress }: PrefetchDetailsProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div
      className="details"
      id={id}
      popover="auto"
      aria-label="Progress of each actor"
      // Its content is rendered before it is shown, so that it never appears empty.
      onBeforeToggle={({ newState }) => setOpen(newState === 'open')}
    >
      {isOpen && <Details names={names} progress={progress} />}
    </div>
  );
}

function Details({ names, progress: { actors, failures, reason } }: Omit<PrefetchDetailsProps, 'id'>) {
  const reasons = [...(reason ? [{ ...reason, s3_url: 'all' }] : []), ...failures.slice(-SHOWN_FAILURES)];
  return (
    <>
      {reasons.length > 0 && (
        <ul className="failures">
          {reasons.map(({ s3_url, code, detail, hint }) => (
            <li key={s3_url}>
              <code>{code}</code> {detail} {hint}
            </li>
          ))}
        </ul>
      )}
      <ul className="actors">
        {actors.map((actor) => (
          <ActorRow key={actor.id} actor={actor} name={names.get(actor.id) ?? actor.id} />
        ))}
      </ul>
    </>
  );
}

/** One of 40 rows. It is rendered again only when the progress of its own actor changes. */
const ActorRow = memo(function ActorRow({ actor, name }: { actor: ActorProgress; name: string }) {
  return (
    <li data-state={actor.state}>
      <a href={`#/actor/${actor.id}`}>{name}</a>
      <progress className="track" aria-label={name} max={Math.max(1, actor.total)} value={actor.completed} />
      <span>{noteOf(actor)}</span>
    </li>
  );
});

function noteOf({ state, completed, total, failed, bytes }: ActorProgress): string {
  if (state === 'queued') return 'waits';
  if (state === 'cancelled') return 'cancelled';
  if (failed > 0) return `${failed} failed`;
  return state === 'done' ? formatBytes(bytes) : `${completed} of ${total}`;
}
