import type { LoadState } from './imageLoad.ts';
import type { KnownImages } from './knownImages.ts';
import { createLookup, type Lookup } from './lookup.ts';
import { type PursuedImage, pursueImage } from './pursueImage.ts';
import { createWantedImages, type WantedImage } from './wantedImages.ts';

/** Everything that asks the server about images. Loaded with the first question: a page without a server never asks one. */
export interface ImageFetching extends Lookup {
  /** @returns a function that says that the image is not wanted any more */
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
