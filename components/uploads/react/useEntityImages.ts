'use client';

import { useMemo, useSyncExternalStore } from 'react';
import type { Entity } from '../entity.ts';
import { type EntityImages, entityImages } from '../entityImages.ts';
import type { Upload } from '../imageUploads.ts';
import { useUploadsContext } from './uploadsContext.ts';

/** A server that renders the page has none. */
const NONE: readonly Upload[] = [];

/**
 * How the pictures of an entity are: which are uploaded, and which are only here. It renders anew when something of them changes, and not
 * with the pictures of other entities.
 * @param entity `undefined`: there is none yet
 * @example
 * const { pendingImageCount, hasUnsyncedImages } = useEntityImages({ type: 'note', id: note.id });
 * return <span>{hasUnsyncedImages ? `${pendingImageCount} pictures are on their way` : 'All is saved'}</span>;
 */
export function useEntityImages(entity: Entity | undefined): EntityImages {
  const { uploads } = useUploadsContext();
  const get = (): readonly Upload[] => (entity ? uploads.listOf(entity) : NONE);
  const list = useSyncExternalStore(uploads.subscribe, get, () => NONE);
  return useMemo(() => entityImages(list, uploads.urlOf), [list, uploads]);
}
