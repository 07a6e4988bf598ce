import type { LoadState } from './imageLoad.ts';
import type { KnownImages } from './knownImages.ts';
import { createLookup, type Lookup } from './lookup.ts';
import { type PursuedImage, pursueImage } from './pursueImage.ts';
import { createWantedImages, type WantedImage } from './wantedImages.ts';

/** All code that sends requests about images. It is loaded when the first one is sent, so a page without a server never loads it. */
export interface ImageFetching extends Lookup {
  /** Lets the server fetch an image. @returns a function to call when the image is no longer wanted */
  want(image: WantedImage): () => void;
  pursue(state: LoadState, image: Omit<PursuedImage, 'fetching'>, until: AbortSignal): void;
}

export function createImageFetching(baseUrl: () => string | undefined, known: KnownImages): ImageFetching {
  const fetching: ImageFetching = {
    ...createLookup(baseUrl, known),
    want: createWantedImages(baseUrl, known),
    pursue: (state, image, until) => pursueImage(state, { ...image, fetching }, until),
  };
  return fetching;
}
