import { createUploads } from './createUploads.ts';
import type { ImageUploads, ImageUploadsOptions } from './imageUploads.ts';

/**
 * Pictures that were picked are saved in the browser, and sent when that is possible: none is lost by a reload, a crash or an outage. What
 * is left from the last visit goes on at once. Make one for the page, and `close()` it when the user signs out. With React:
 * `<ImageUploadsProvider>`.
 * @example
 * const uploads = createImageUploads();
 * input.addEventListener('change', async () => {
 *   const [picture] = await uploads.upload(input.files ?? []);
 *   note.imageRef = picture?.ref;
 * });
 */
export function createImageUploads(options?: ImageUploadsOptions): ImageUploads {
  const uploads = createUploads(options);
  uploads.start();
  return uploads;
}
