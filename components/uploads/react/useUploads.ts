'use client';

import { useMemo, useSyncExternalStore } from 'react';
import type { Upload } from '../imageUploads.ts';
import { useUploadsContext } from './uploadsContext.ts';

/** A server that renders the page has none. */
const NONE: readonly Upload[] = [];

/**
 * All pictures of this browser, newest first: those that wait, and those of the last seven days that were uploaded.
 * @example const failed = useUploads(({ status }) => status === 'failed');
 */
export function useUploads(filter?: (upload: Upload) => boolean): readonly Upload[] {
  const { uploads } = useUploadsContext();
  const all = useSyncExternalStore(uploads.subscribe, uploads.list, () => NONE);
  return useMemo(() => (filter ? all.filter(filter) : all), [all, filter]);
}

/** One picture; `undefined` while it is not known, and when it was uploaded more than seven days ago. */
export function useUpload(jobId: string | undefined): Upload | undefined {
  const { uploads } = useUploadsContext();
  const get = (): Upload | undefined => (jobId === undefined ? undefined : uploads.get(jobId));
  return useSyncExternalStore(uploads.subscribe, get, () => undefined);
}
