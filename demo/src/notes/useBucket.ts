import { useEffect, useState } from 'react';
import type { BucketListing } from '../../api.ts';
import { fetchBucket } from './notesBackend.ts';

const EVERY_MS = 1_500;

export interface BucketPicture {
  /** `<image id>.<ext>` */
  name: string;
  /** In bytes; `undefined` when only its references are there. */
  size: number | undefined;
  /** How many notes use it, as the references say. */
  uses: number;
  isDropped: boolean;
}

/** The bucket's pictures, looked at again and again; `undefined` before the first answer. */
export function useBucket(): readonly BucketPicture[] | 'away' | undefined {
  const [pictures, setPictures] = useState<readonly BucketPicture[] | 'away'>();
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function look(): Promise<void> {
      const found = document.hidden
        ? undefined
        : await fetchBucket(ended.signal).then(picturesOf, () => 'away' as const);
      if (ended.signal.aborted) return;
      if (found !== undefined) setPictures(found);
      timer = setTimeout(() => void look(), EVERY_MS);
    }
    void look();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, []);
  return pictures;
}

/** Puts together what belongs to one picture. The keys are in docs/uploads.md. */
export function picturesOf({ objects }: BucketListing): BucketPicture[] {
  const found = new Map<string, BucketPicture>();
  const users = new Set<string>();
  const get = (name: string): BucketPicture => {
    const id = name.split('.')[0] ?? name;
    const picture = found.get(id) ?? { name, size: undefined, uses: 0, isDropped: false };
    found.set(id, picture);
    return picture;
  };
  for (const { key, size } of objects) {
    const [, folder = '', name = '', reference = ''] = key.split('/');
    if (folder === 'refs') {
      // A note that was given a picture twice has two references. Flags of deletions begin with a dot.
      const user = `${name} ${reference.slice(0, 65)}`;
      get(name).uses += reference.startsWith('.') || users.has(user) ? 0 : 1;
      users.add(user);
    } else if (folder === 'dropped') get(name).isDropped = true;
    else if (/^[0-9a-f]{2}$/.test(folder)) Object.assign(get(name), { name, size });
  }
  return [...found.values()];
}
