import type { ImageUploads } from '../imageUploads.ts';

const told = new WeakSet<ImageUploads>();

/** Tells developers, once, that the page does not know where pictures are shown from that this browser does not have. */
export function explainMissing(uploads: ImageUploads, imageRef: string): void {
  if (told.has(uploads)) return;
  told.add(uploads);
  console.warn(
    `[image-cache] Uploads: <UploadedImage> cannot show ${imageRef}: this browser does not have the picture, and the page does not know ` +
      'where else it is. Set the option `urlOf` of the uploads, e.g. urlOf: (ref) => `/pictures/${ref.split("/").at(-1)}`; ' +
      'or `base`, if a server of this package has it.',
  );
}
