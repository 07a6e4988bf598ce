'use client';

import { type ComponentPropsWithRef, forwardRef, type ReactElement, type ReactNode, useId } from 'react';
import type { Upload } from '../imageUploads.ts';
import { UploadedImage } from './UploadedImage.tsx';
import { ENGLISH, type UploadTexts } from './uploadTexts.ts';
import { useUploads } from './useUploads.ts';

export interface UploadListProps extends Omit<ComponentPropsWithRef<'div'>, 'children'> {
  /** @default those that are neither uploaded nor canceled */
  uploads?: readonly Upload[];
  /** Names the list. @default 'Pictures' */
  label?: ReactNode;
  /** @default English */
  texts?: Partial<UploadTexts>;
}

const isUnfinished = ({ status }: Upload): boolean => status !== 'uploaded' && status !== 'canceled';

/**
 * Lists pictures with what happens to each, and what can be done: retry, pause, cancel, save to disk. What fails is read out politely. It
 * has no style of its own: `[data-status]` of each item is the status of its upload.
 * @example <UploadList label="On their way" />
 */
export const UploadList = forwardRef<HTMLDivElement, UploadListProps>(function UploadList(
  { uploads: given, label = 'Pictures', texts, className, ...attributes },
  ref,
) {
  const labelId = useId();
  const unfinished = useUploads(isUnfinished);
  const uploads = given ?? unfinished;
  const say = { ...ENGLISH, ...texts };
  const failing = uploads.find(({ status }) => status === 'failed' || status === 'blocked' || status === 'missing');
  return (
    <div {...attributes} ref={ref} className={['image-cache-uploads', className].filter(Boolean).join(' ')}>
      {uploads.length > 0 && (
        <>
          <span id={labelId}>{label}</span>
          {/* Safari takes the role from a list without markers. */}
          {/* oxlint-disable-next-line jsx-a11y/no-redundant-roles */}
          <ul role="list" aria-labelledby={labelId}>
            {uploads.map((upload) => (
              <UploadItem key={upload.jobId} upload={upload} say={say} />
            ))}
          </ul>
        </>
      )}
      {/* Always there: a region that comes with its text is not read out. */}
      <output>{failing ? `${failing.filename}: ${textOf(failing, say)}` : ''}</output>
    </div>
  );
});

function textOf(upload: Upload, say: UploadTexts): string {
  const { error, status } = upload;
  return error ? `${say.status(upload)} ${say.error(error, status)}` : say.status(upload);
}

function UploadItem({ upload, say }: { upload: Upload; say: UploadTexts }): ReactElement {
  const { filename, status, progress, ref, error } = upload;
  // The picture stays as it is, so that another try ends as the last one did.
  const needsDecision = error?.code === 'GPS_NOT_REMOVABLE';
  const isOpen = status === 'pending' || status === 'uploading' || status === 'processing';
  const canRetry =
    !needsDecision && (status === 'failed' || status === 'blocked' || (status === 'pending' && upload.attempts > 0));
  const button = (text: string, act: () => Promise<unknown>): ReactElement => (
    // A screen reader that goes from button to button hears which picture it is about.
    <>
      <button type="button" aria-label={`${text}: ${filename}`} onClick={() => void act().catch(() => {})}>
        {text}
      </button>{' '}
    </>
  );
  return (
    <li data-status={status}>
      {ref !== undefined && <UploadedImage imageRef={ref} alt="" />}
      {/* Blocks and blanks, so that it can be read without a style sheet. */}
      <div>{filename}</div>
      {progress && <progress aria-label={filename} value={progress.loaded} max={progress.total} />}
      <div>{textOf(upload, say)}</div>
      {canRetry && button(say.retry, upload.retry)}
      {needsDecision && button(say.sendAnyway, upload.sendAnyway)}
      {(status === 'pending' || status === 'uploading') && button(say.pause, upload.pause)}
      {status === 'paused' && button(say.resume, upload.resume)}
      {upload.places.includes('browser') && status !== 'uploaded' && button(say.save, upload.saveToDisk)}
      {(isOpen || canRetry || needsDecision || status === 'paused' || status === 'missing') &&
        button(say.cancel, upload.cancel)}
    </li>
  );
}
