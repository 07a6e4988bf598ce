import { useState } from 'react';
import {
  CachedImage,
  imageCache,
  useImageCacheEvents,
  usePrefetch,
  type CacheStatus,
} from 'vite-plugin-image-cache/react';
import type { Picture as PictureData } from '../api.ts';
import { Badge } from './Badge.tsx';
import { CopyButton } from './CopyButton.tsx';
import { curlInvalidate } from './CurlAction.tsx';
import { inspectorUrl } from './inspector.ts';

export interface PictureProps {
  picture: PictureData;
  actorId: string;
  alt: string;
  isOffline: boolean;
  onOpen: () => void;
}

/** One picture in a box with its shape, with the place that it came from and how long that took. */
export function Picture({ picture, actorId, alt, isOffline, onOpen }: PictureProps) {
  const { s3_url, filename, width, height } = picture;
  const [status, setStatus] = useState<CacheStatus>();
  // Whether the picture failed offline or online. If that has changed, or on request, it is tried again.
  const [failedOn, setFailedOn] = useState<'offline' | 'online'>();
  const [attempt, setAttempt] = useState(0);
  const network = isOffline ? 'offline' : 'online';
  if (failedOn === 'offline' && network === 'online') {
    setFailedOn(undefined);
    setAttempt(attempt + 1);
  }
  // A picture that was removed from the cache is being loaded again, so its badge is out of date.
  useImageCacheEvents((event) => {
    if (event.type !== 'stored' && event.s3_urls.some((url) => isOf(url, filename))) setStatus(undefined);
  });
  const retry = () => {
    setFailedOn(undefined);
    setAttempt(attempt + 1);
  };

  return (
    <figure className="picture" style={{ '--ratio': width / height }} data-testid="picture" data-file={filename}>
      <CachedImage
        key={attempt}
        s3_url={s3_url}
        actor_id={actorId}
        alt={alt}
        width={width}
        height={height}
        onCacheStatus={setStatus}
        onError={() => setFailedOn(network)}
      />
      {failedOn === undefined ? (
        <button className="open" type="button" onClick={onOpen} aria-label={`Enlarge ${alt}`} data-cell />
      ) : (
        <Failure url={s3_url} filename={filename} isOffline={isOffline} onRetry={retry} />
      )}
      {failedOn === undefined && status !== undefined && <Badge status={status} />}
      <span className="actions">
        <button type="button" onClick={() => void imageCache.invalidate(s3_url)} data-testid="invalidate">
          Forget
        </button>
        <CopyButton text={curlInvalidate(s3_url)} label={`Copy the curl line that forgets ${filename}`} />
      </span>
    </figure>
  );
}

interface FailureProps {
  url: string;
  filename: string;
  isOffline: boolean;
  onRetry: () => void;
}

/** Says why there is no picture, with the server's reason if there is one. */
function Failure({ url, filename, isOffline, onRetry }: FailureProps) {
  const { progress } = usePrefetch();
  const reason = progress.failures.findLast((failure) => isOf(failure.s3_url, filename));
  return (
    <div className="failure" role="alert">
      <strong>{isOffline ? 'Not cached, and S3 is off' : 'No picture'}</strong>
      <span>
        {isOffline ? 'It comes when S3 is back.' : (reason?.detail ?? 'Neither the cache nor S3 could send it.')}
      </span>
      {reason?.hint !== undefined && !isOffline && <span>{reason.hint}</span>}
      <a href={inspectorUrl(url)}>Why?</a>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

/** Whether a URL without its signature belongs to the file. File names are unique in the demo's bucket. */
function isOf(url: string, filename: string): boolean {
  return url.endsWith(`/${filename}`);
}
