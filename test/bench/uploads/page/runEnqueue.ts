import { createImageUploads } from '../../../../components/uploads/index.ts';
import { freshPictures } from './freshPictures.ts';
import { type Measured, measure } from './measure.ts';

/** Until a large photograph is safe, one after the other: the page may promise something then. */
export async function runEnqueue({ count }: { count: number }): Promise<Measured[]> {
  const files = await freshPictures('/large.jpg', count);
  const uploads = createImageUploads({
    base: false,
    project: crypto.randomUUID(),
    transport: { send: async () => ({ state: 'stored' }) },
  });
  const results: Measured[] = [];
  try {
    for (const file of files) {
      let ms = 0;
      const { longestTaskMs } = await measure(async () => {
        const began = performance.now();
        const [upload] = await uploads.upload(file);
        ms = performance.now() - began;
        await upload?.stored; // preparing is part of what the page does meanwhile
      });
      results.push({ ms, longestTaskMs });
    }
  } finally {
    await uploads.close();
  }
  return results;
}
