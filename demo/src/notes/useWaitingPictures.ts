import { useCallback } from 'react';
import { type Upload, useUploads } from 'vite-plugin-image-cache/uploads';
import type { Note } from './note.ts';

/** How many pictures of a note the bucket does not have yet. */
export function useWaitingPictures({ id }: Note): number {
  const isWaiting = useCallback(
    ({ entity, status }: Upload) => entity?.id === id && status !== 'uploaded' && status !== 'canceled',
    [id],
  );
  return useUploads(isWaiting).length;
}
