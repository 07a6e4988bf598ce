'use client';

import { useSyncExternalStore } from 'react';
import type { UploadsStatus } from '../imageUploads.ts';
import { useUploadsContext } from './uploadsContext.ts';

/** How the uploads are as a whole: network, counts, storage, and what keeps everything from being sent. */
export function useUploadStatus(): UploadsStatus {
  const { uploads } = useUploadsContext();
  return useSyncExternalStore(uploads.subscribe, uploads.status, uploads.status);
}
