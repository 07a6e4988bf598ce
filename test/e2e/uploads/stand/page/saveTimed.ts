import type { ImageUploads } from 'vite-plugin-image-cache/uploads';

/** Saves the file that was picked again and again, each time as a picture of its own. @returns until each was safe, in milliseconds */
export async function saveTimed(uploads: ImageUploads, times: number): Promise<number[]> {
  const [file] = document.querySelector('input')?.files ?? [];
  if (!file) throw new Error('Nothing was picked.');
  const results: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const began = performance.now();
    await uploads.upload(file);
    results.push(performance.now() - began);
  }
  return results;
}
