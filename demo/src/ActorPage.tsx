import { useCallback, useEffect, useState } from 'react';
import { imageCache, prefetchManager, useImageCacheEvents, type CacheStats } from 'vite-plugin-image-cache/react';
import type { ActorDetail, ActorSummary, Picture as PictureData } from '../api.ts';
import { fetchActor } from './backend.ts';
import { CurlAction } from './CurlAction.tsx';
import { formatBytes } from './format.ts';
import { Notice } from './Notice.tsx';
import { Picture } from './Picture.tsx';
import { Viewer } from './Viewer.tsx';

export interface ActorPageProps {
  id: string;
  /** The actor as the gallery knows it, which is enough to draw the page at once. */
  known: ActorSummary | undefined;
  stats: CacheStats | undefined;
  isOffline: boolean;
}

/** An actor's pictures, each with the place that it came from. */
export function ActorPage({ id, known, stats, isOffline }: ActorPageProps) {
  const { actor, error, signAgain } = useFreshActor(id);
  const [open, setOpen] = useState<number>();
  const images = actor?.images ?? known?.images;
  // When this page or a terminal has cleared the cache, pictures on the screen are needed again, before all others.
  useImageCacheEvents((event) => {
    const isOurs = event.type === 'cleared' && (event.actor_id === undefined || event.actor_id === id);
    if (isOurs && images !== undefined) void prefetchManager.prefetchActor(id, images);
  });
  const name = actor?.name ?? known?.name ?? '';
  const subject = actor?.subject ?? known?.subject ?? '';
  const cached = stats?.actors[id];

  return (
    <article className="actor" data-testid="actor-page">
      <title>{`${name} · vite-plugin-image-cache`}</title>
      <header className="page-head">
        <nav aria-label="Breadcrumb">
          <a href="#/">All actors</a>
        </nav>
        <h1>{name === '' ? <span className="blank" /> : name}</h1>
        <p className="facts">
          <span>
            {cached?.entries ?? 0} of {images?.length ?? 25} cached
          </span>
          <span>{formatBytes(cached?.size_bytes ?? 0)}</span>
          <Signature picture={actor?.images[0]} />
          <button type="button" onClick={signAgain} data-testid="sign-again">
            Sign again
          </button>
          <a className="button" href={`#/compare/${id}`}>
            With and without the cache
          </a>
        </p>
        <CurlAction
          label="Clear this actor"
          path={`/clear/${id}`}
          testId="clear-actor"
          onRun={() => imageCache.clearActorCache(id)}
        />
      </header>
      {error !== undefined && <Notice title="The backend did not answer">{error.message}.</Notice>}
      {images === undefined ? (
        <PicturesSkeleton />
      ) : (
        <div className="pictures" data-grid>
          {images.map((image, index) => (
            <Picture
              key={image.filename}
              picture={image}
              actorId={id}
              alt={`${name}, ${index + 1} of ${images.length}: ${subject}`}
              isOffline={isOffline}
              onOpen={() => setOpen(index)}
            />
          ))}
        </div>
      )}
      {images !== undefined && open !== undefined && (
        <Viewer
          images={images}
          actorId={id}
          name={name}
          index={open}
          onMove={setOpen}
          onClose={() => setOpen(undefined)}
        />
      )}
    </article>
  );
}

/** The actor with URLs that are signed at this visit. Its pictures are fetched before all prefetched ones. */
function useFreshActor(id: string) {
  const [actor, setActor] = useState<ActorDetail>();
  const [error, setError] = useState<Error>();
  const load = useCallback(
    (signal?: AbortSignal) => {
      fetchActor(id, signal).then(
        (found) => {
          setActor(found);
          setError(undefined);
          void prefetchManager.prefetchActor(id, found.images);
        },
        (failure: Error) => {
          if (signal?.aborted !== true) setError(failure);
        },
      );
    },
    [id],
  );
  useEffect(() => {
    const controller = new AbortController();
    load(controller.signal);
    return () => controller.abort();
  }, [load]);
  return { actor, error, signAgain: () => load() };
}

/** Shows the first digits of a signature, so that one can see that the URLs are new. These are too few to use it. */
function Signature({ picture }: { picture: PictureData | undefined }) {
  const signature = picture && new URL(picture.s3_url).searchParams.get('X-Amz-Signature')?.slice(0, 8);
  return (
    <span className="signature" title="The presigned URLs of this visit; every visit gets others">
      signature <code data-testid="signature">{signature ?? '········'}…</code>
    </span>
  );
}

function PicturesSkeleton() {
  return (
    <div className="pictures" aria-busy="true" aria-hidden="true">
      {Array.from({ length: 25 }, (_, index) => (
        <figure key={index} className="picture" style={{ '--ratio': index % 3 === 1 ? 0.667 : 1.5 }} />
      ))}
    </div>
  );
}
