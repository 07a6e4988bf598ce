import type { Listing } from '../files/removeUnlessListed.ts';
import type { ManifestStore } from './manifestStore.ts';

/** The files that have an entry in the manifest. */
export function listingOf(store: ManifestStore): Listing {
  return { refresh: () => store.refresh(), isListed: (path) => store.index.getByPath(path) !== undefined };
}
