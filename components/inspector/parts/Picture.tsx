import { useEffect, useState } from 'react';
import type { InspectedEntry, ThumbSize } from '../../../plugin/inspectorProtocol.ts';
import { useServer } from '../server/serverContext.tsx';
import { placeholderUrl } from './placeholderUrl.ts';

/** What is scrolled past quickly is not asked for. */
const ON_SCREEN_MS = 150;

type Pictured = Pick<InspectedEntry, 'local_path' | 'placeholder' | 'sha256'>;

/**
 * A small picture of an image. Its placeholder is there at once, the picture a moment after the box is on the screen. The server makes it
 * apart from the images of the app: looking does not count as use.
 */
export function Picture({ entry, size }: { entry: Pictured; size: ThumbSize }) {
  const server = useServer();
  const [isDue, setIsDue] = useState(false);
  const [state, setState] = useState<'waiting' | 'shown' | 'failed'>('waiting');

  useEffect(() => {
    const timer = setTimeout(() => setIsDue(true), ON_SCREEN_MS);
    return () => clearTimeout(timer);
  }, []);

  const placeholder = entry.placeholder === undefined ? undefined : placeholderUrl(entry.placeholder);
  return (
    <span className="picture" data-state={state}>
      {placeholder !== undefined && <img className="placeholder" src={placeholder} alt="" />}
      {isDue && state !== 'failed' && (
        <img
          src={server.url('thumb', { path: entry.local_path, size })}
          alt=""
          decoding="async"
          // Images of the app, which share the connections to the server, go first.
          fetchPriority="low"
          onLoad={() => setState('shown')}
          onError={() => setState('failed')}
        />
      )}
      {state === 'failed' && <span className="picture-note">No preview</span>}
    </span>
  );
}
