'use client';

import { useCallback, useMemo, useState } from 'react';
import type { ImageUploads, Upload, UploadPhase } from '../imageUploads.ts';
import { UploadError } from '../uploadError.ts';
import { useUploads } from './useUploads.ts';
import { useUploadsContext } from './uploadsContext.ts';

export interface ImageUploadState {
  /**
   * Saves and uploads pictures: see `ImageUploads.upload()`. Resolves when they are durable.
   * @throws UploadError when a file is refused; it is in `error`, too
   */
  upload: ImageUploads['upload'];
  /** Those that were picked here, in their order. */
  uploads: readonly Upload[];
  /** Something is being saved or sent. */
  isBusy: boolean;
  /** Why a file of the last call was refused. */
  error: UploadError | undefined;
}

const BUSY: ReadonlySet<UploadPhase> = new Set(['saving', 'pending', 'uploading', 'processing']);

/**
 * Uploads of one place of the page, e.g. a form.
 * @example
 * const { upload, uploads, error } = useImageUpload();
 * <input type="file" accept="image/*" multiple onChange={({ target }) => void upload(target.files ?? []).catch(() => {})} />
 */
export function useImageUpload(): ImageUploadState {
  const { uploads: client } = useUploadsContext();
  const [jobIds, setJobIds] = useState<readonly string[]>([]);
  const [calls, setCalls] = useState(0);
  const [error, setError] = useState<UploadError>();
  const all = useUploads();

  const upload = useCallback<ImageUploads['upload']>(
    async (files, options = {}) => {
      setError(undefined);
      setCalls((count) => count + 1);
      try {
        return await client.upload(files, {
          ...options,
          onSaved(saved) {
            setJobIds((known) => [...known, saved.jobId]);
            options.onSaved?.(saved);
          },
        });
      } catch (fault) {
        if (fault instanceof UploadError) setError(fault);
        throw fault;
      } finally {
        setCalls((count) => count - 1);
      }
    },
    [client],
  );

  const uploads = useMemo(() => {
    const byId = new Map(all.map((each) => [each.jobId, each]));
    return jobIds.flatMap((jobId) => byId.get(jobId) ?? []);
  }, [all, jobIds]);
  const isBusy = calls > 0 || uploads.some(({ status }) => BUSY.has(status));
  return { upload, uploads, isBusy, error };
}
