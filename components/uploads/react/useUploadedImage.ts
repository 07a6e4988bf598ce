'use client';

import { useEffect, useState, useSyncExternalStore } from 'react';
import { credentialsOf, crossOriginOf } from '../../client/crossOrigin.ts';
import type { Upload } from '../imageUploads.ts';
import { imageIdOf } from '../imageRef.ts';
import { isGone } from './isGone.ts';
import { explainMissing } from './explainMissing.ts';
import { preload } from './preload.ts';
import { useUploadsContext } from './uploadsContext.ts';

export interface UploadedImageState {
  /** For the `<img>`; `undefined` until it is known where the picture is. */
  src: string | undefined;
  /** Where `src` is. */
  source: 'browser' | 'server' | undefined;
  crossOrigin: 'anonymous' | 'use-credentials' | undefined;
  /** The picture's upload, while this browser knows of it. */
  upload: Upload | undefined;
  /**
   * It is neither in this browser nor on the server: the browser may have evicted it before it was sent, or it was deleted; or the page does not
   * know where it is shown from (see the option `urlOf`). That the server cannot be reached is not enough.
   */
  isMissing: boolean;
  /** For the `<img>`: a picture that the server does not show may still be in the browser. */
  onError(): void;
}

interface Shown {
  readonly imageRef: string;
  readonly src: string;
  readonly source: 'browser' | 'server';
}

/**
 * Finds the picture behind a reference: in the browser until the bucket has it, then on the server. The remote picture is loaded before it
 * takes the place of the local one, so that nothing flickers or moves.
 */
export function useUploadedImage(imageRef: string | undefined): UploadedImageState {
  const { uploads, objectUrls } = useUploadsContext();
  const imageId = imageRef === undefined ? undefined : imageIdOf(imageRef);
  const remote = imageRef === undefined ? undefined : uploads.urlOf(imageRef);
  const find = (): Upload | undefined => {
    if (imageId === undefined) return undefined;
    const same = uploads.list().filter((upload) => upload.imageId === imageId);
    // The same picture may have been picked twice, and canceled once.
    return same.find(isHere) ?? same[0];
  };
  const upload = useSyncExternalStore(uploads.subscribe, find, () => undefined);
  const isReady = useSyncExternalStore(
    uploads.subscribe,
    () => uploads.isReady,
    () => false,
  );
  const isLocal = upload !== undefined && isHere(upload);
  const base = remote?.replace(/\/i\/[^/]*$/, '') ?? '';
  const crossOrigin = crossOriginOf(base);
  const [shown, setShown] = useState<Shown>();
  const [lostRef, setLostRef] = useState<string>();
  const current = shown?.imageRef === imageRef ? shown : undefined;
  const localUrl = current?.source === 'browser' ? current.src : undefined;
  const isShowingLocal = localUrl !== undefined;

  useEffect(() => {
    if (imageRef === undefined || !isReady) return;
    const ended = new AbortController();
    const show = (src: string | undefined, source: Shown['source']): void => {
      if (src === undefined || ended.signal.aborted) return;
      setShown({ imageRef, src, source });
      setLostRef(undefined);
    };
    async function showBest(ref: string): Promise<void> {
      const local = isLocal ? await objectUrls.open(ref) : undefined;
      if (local !== undefined) return show(local, 'browser');
      if (!isShowingLocal && !isLocal && remote === undefined && !ended.signal.aborted) {
        setLostRef(ref);
        explainMissing(uploads, ref);
      }
      // Nothing is shown yet that could flicker.
      if (!isShowingLocal) return show(remote, 'server');
      if (remote !== undefined && (await preload(remote, crossOrigin, ended.signal))) show(remote, 'server');
    }
    void showBest(imageRef);
    return () => ended.abort();
  }, [imageRef, isReady, isLocal, isShowingLocal, remote, crossOrigin, objectUrls, uploads]);

  // After the element shows something else, and not before.
  useEffect(() => (localUrl === undefined ? undefined : objectUrls.retain(localUrl)), [localUrl, objectUrls]);

  async function recover(ref: string, url: string): Promise<void> {
    const local = await objectUrls.open(ref);
    if (local !== undefined) setShown({ imageRef: ref, src: local, source: 'browser' });
    else if (await isGone(url, credentialsOf(base))) setLostRef(ref);
  }

  return {
    src: current?.src,
    source: current?.source,
    crossOrigin,
    upload,
    isMissing:
      imageRef !== undefined && (lostRef === imageRef || (remote === undefined && upload?.status === 'missing')),
    onError() {
      if (imageRef !== undefined && current?.source === 'server') void recover(imageRef, current.src);
    },
  };
}

function isHere({ places }: Upload): boolean {
  return places.includes('browser');
}
