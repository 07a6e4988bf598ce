import { useEffect, useState } from 'react';
import { type Upload, UploadedImage, useUploads } from 'vite-plugin-image-cache/uploads';
import { formatFileSize } from '../format.ts';
import { Journey } from './Journey.tsx';
import { whatHappensNext } from './whatHappensNext.ts';

/** Each picture with where its bytes are, and what happens next. */
export function PictureList() {
  const uploads = useUploads().filter(({ status }) => status !== 'canceled');
  const now = useNow(uploads.some(({ nextAttemptAt }) => nextAttemptAt !== null));
  if (uploads.length === 0) {
    return (
      <p className="empty" data-testid="no-uploads">
        Pictures that you add show here, at once and for good.
      </p>
    );
  }
  return (
    <ul className="uploads">
      {uploads.map((upload) => (
        <PictureRow key={upload.jobId} upload={upload} now={now} />
      ))}
    </ul>
  );
}

function PictureRow({ upload, now }: { upload: Upload; now: number }) {
  const { filename, size, status, ref, warning } = upload;
  const needsDecision = upload.error?.code === 'GPS_NOT_REMOVABLE';
  const isOpen = status !== 'uploaded' && status !== 'saving';
  return (
    <li data-status={status} data-testid="upload">
      <UploadedImage className="thumb" imageRef={ref} alt={filename} width={96} height={96} />
      <div className="what">
        <p className="file">
          <span className="name">{filename}</span> <small>{formatFileSize(size)}</small>
        </p>
        <p className="next">{whatHappensNext(upload, now)}</p>
        {warning === 'CUT_IMAGE' && <p className="next">It seems to be cut off at its end; it is kept as it is.</p>}
      </div>
      <Journey upload={upload} />
      <p className="remedies">
        {mayTryAgain(upload) && !needsDecision && (
          <button type="button" onClick={() => void upload.retry()} aria-label={`Try ${filename} again`}>
            Try again
          </button>
        )}
        {needsDecision && (
          <button type="button" onClick={() => void upload.sendAnyway()}>
            Send it as it is
          </button>
        )}
        {isOpen && (
          <button type="button" onClick={() => void upload.saveToDisk()} aria-label={`Save ${filename} to disk`}>
            Save to disk
          </button>
        )}
        {isOpen && (
          <button type="button" onClick={() => void upload.cancel()} aria-label={`Cancel ${filename}`}>
            Cancel
          </button>
        )}
      </p>
    </li>
  );
}

function mayTryAgain({ status, error }: Upload): boolean {
  return status === 'failed' || status === 'blocked' || status === 'pending' || (status === 'processing' && !!error);
}

/** The time, each second, as long as something counts down. */
function useNow(isTicking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isTicking) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [isTicking]);
  return now;
}
