import { CachedImage } from 'vite-plugin-image-cache/react';
import type { ActorSummary } from '../api.ts';

/** The number of covers that fit on a large screen. The others are requested when they are near the viewport. */
const EAGER = 15;

export interface ActorCardProps {
  actor: ActorSummary;
  /** How many of the actor's pictures are cached. */
  cached: number;
  /** Index in the gallery, from 0. */
  rank: number;
}

/** A cover that leads to its actor. */
export function ActorCard({ actor, cached, rank }: ActorCardProps) {
  const { id, name, subject, cover, count } = actor;
  return (
    <li>
      <a className="card" href={`#/actor/${id}`} data-cell data-testid="actor-card" data-actor={id}>
        <span className="frame">
          <CachedImage
            s3_url={cover.s3_url}
            actor_id={id}
            alt={`${name}: ${subject}`}
            width={cover.width}
            height={cover.height}
            loading={rank < EAGER ? 'eager' : 'lazy'}
          />
        </span>
        <span className="caption">
          <span className="name">{name}</span>
          <Ring share={Math.min(1, cached / count)} label={`${cached} of ${count} cached`} />
        </span>
      </a>
    </li>
  );
}

export function ActorCardSkeleton() {
  return (
    <li aria-hidden="true">
      <span className="card">
        <span className="frame" />
        <span className="caption">
          <span className="name blank" />
        </span>
      </span>
    </li>
  );
}

function Ring({ share, label }: { share: number; label: string }) {
  return (
    <span className="ring" title={label} data-full={share === 1}>
      <svg viewBox="0 0 20 20" aria-hidden="true">
        <circle cx="10" cy="10" r="8" pathLength="1" />
        <circle cx="10" cy="10" r="8" pathLength="1" strokeDasharray={`${share} 1`} />
        <path d="m6.4 10.4 2.4 2.4 4.8-5.2" />
      </svg>
      <span className="hidden">{label}</span>
    </span>
  );
}
