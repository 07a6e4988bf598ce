import { lazy, Suspense, useEffect, useRef } from 'react';
import { prefetchManager, useCacheStats } from 'vite-plugin-image-cache/react';
import type { NetworkFaults } from '../api.ts';
import { ActorPage } from './ActorPage.tsx';
import { Compare } from './Compare.tsx';
import { formatCount } from './format.ts';
import { Gallery } from './Gallery.tsx';
import { Header } from './Header.tsx';
import { moveFocus } from './moveFocus.ts';
import { Notice } from './Notice.tsx';
import { useActors } from './useActors.ts';
import { useNetwork } from './useNetwork.ts';
import { usePainting } from './usePainting.ts';
import { useRoute } from './useRoute.ts';

/** Loaded when it is visited: a page that only shows pictures needs nothing of it. */
const AddPictures = lazy(async () => {
  const { AddPictures: Page } = await import('./uploads/AddPictures.tsx');
  return { default: Page };
});

const NotesPage = lazy(async () => {
  const { NotesPage: Page } = await import('./notes/NotesPage.tsx');
  return { default: Page };
});

/** The demo: a gallery, an actor's page, the same page with and without the cache, a page to add pictures, and notes with pictures. */
export function App() {
  const route = useRoute();
  const { actors, error, reload } = useActors();
  const { state, change } = useNetwork();
  const network = state === 'pending' ? undefined : state;
  const { stats } = useCacheStats();
  const painting = usePainting();
  const switchNetwork = async (faults: Partial<NetworkFaults>) => {
    await change(faults);
    // The prefetch would also try again by itself, within 30 s.
    if (faults.offline === false && prefetchManager.getProgress().state === 'waiting') prefetchManager.resume();
  };
  const names = new Map(actors?.map(({ id, name }) => [id, name]));
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.addEventListener('keydown', moveFocus);
    return () => document.removeEventListener('keydown', moveFocus);
  }, []);

  const address = 'id' in route ? `${route.page}/${route.id}` : route.page;
  const shown = useRef(address);

  // Scrolls a new page to its top and moves the focus there, for screen readers. The browser does so for the first page.
  useEffect(() => {
    if (shown.current === address) return;
    shown.current = address;
    main.current?.focus({ preventScroll: true });
    if (address !== 'gallery') scrollTo(0, 0);
  }, [address]);

  const actor = 'id' in route ? actors?.find(({ id }) => id === route.id) : undefined;
  const showsPhotographs = route.page === 'gallery' || 'id' in route;
  const isUnknown = 'id' in route && actors !== undefined && actor === undefined;

  return (
    <>
      <button className="skip" type="button" onClick={() => main.current?.focus()}>
        Skip to the pictures
      </button>
      <Header stats={stats} names={names} network={state} onNetworkChange={switchNetwork} onPrefetch={reload} />
      <main ref={main} tabIndex={-1}>
        {network?.offline === true && (
          <Notice title="S3 is switched off">
            Every request to the bucket fails. Cached pictures are still shown; the others come when S3 is back.
          </Notice>
        )}
        {painting !== undefined && showsPhotographs && (
          <div className="painting">
            <Notice title="The photographs are still being painted">
              That takes a minute or two at the first start, and grey boxes fill by themselves.{' '}
              <span aria-hidden="true">{`${formatCount(painting.done)} of ${formatCount(painting.total)}`}</span>
            </Notice>
          </div>
        )}
        {error !== undefined && (
          <Notice title="The backend did not answer">
            {error.message}. Is <code>npm run demo</code> still running?{' '}
            <button className="link" type="button" onClick={reload}>
              Try again
            </button>
          </Notice>
        )}
        {isUnknown && 'id' in route && (
          <Notice title={`There is no actor ${route.id}`}>
            <a href="#/">Back to the gallery</a>
          </Notice>
        )}
        {route.page === 'gallery' && <Gallery actors={actors} stats={stats} />}
        {route.page === 'add' && (
          <Suspense fallback={<p className="loading">Loading…</p>}>
            <AddPictures network={network} onNetworkChange={(faults) => void switchNetwork(faults)} />
          </Suspense>
        )}
        {route.page === 'notes' && (
          <Suspense fallback={<p className="loading">Loading…</p>}>
            <NotesPage chosen={route.note} network={network} onNetworkChange={(faults) => void switchNetwork(faults)} />
          </Suspense>
        )}
        {route.page === 'actor' && !isUnknown && (
          <ActorPage key={route.id} id={route.id} known={actor} stats={stats} isOffline={network?.offline === true} />
        )}
        {route.page === 'compare' && !isUnknown && (
          <Compare key={route.id} id={route.id} name={actor?.name} network={network} />
        )}
      </main>
    </>
  );
}
