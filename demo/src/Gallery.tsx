import type { CacheStats } from 'vite-plugin-image-cache/react';
import type { ActorSummary } from '../api.ts';
import { ActorCard, ActorCardSkeleton } from './ActorCard.tsx';

const SKELETONS = 40;

export interface GalleryProps {
  /** `undefined` while they are being loaded. */
  actors: readonly ActorSummary[] | undefined;
  stats: CacheStats | undefined;
}

/** All actors, each with a picture and the number of cached pictures. */
export function Gallery({ actors, stats }: GalleryProps) {
  return (
    <>
      <title>vite-plugin-image-cache</title>
      <h1 className="hidden">Actors</h1>
      <ul className="gallery" data-testid="gallery" aria-busy={actors === undefined} data-grid>
        {actors === undefined
          ? Array.from({ length: SKELETONS }, (_, index) => <ActorCardSkeleton key={index} />)
          : actors.map((actor, index) => (
              <ActorCard key={actor.id} actor={actor} cached={stats?.actors[actor.id]?.entries ?? 0} rank={index} />
            ))}
      </ul>
    </>
  );
}
