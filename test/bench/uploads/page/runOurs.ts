import { createImageUploads, presignedTransport } from '../../../../components/uploads/index.ts';
import { freshPictures } from './freshPictures.ts';
import { type Measured, measure } from './measure.ts';
import { sign } from './sign.ts';

/** From the files to the last one in the bucket: saved first, without their place, hashed, and proved by the store. */
export async function runOurs({ count, concurrency }: { count: number; concurrency: number }): Promise<Measured> {
  const files = await freshPictures('/small.jpg', count);
  const uploads = createImageUploads({
    base: false,
    project: crypto.randomUUID(), // a database that is empty
    concurrency,
    transport: presignedTransport({ sign }),
  });
  try {
    return await measure(async () => {
      const list = await uploads.upload(files);
      await Promise.all(list.map(({ stored }) => stored));
    });
  } finally {
    await uploads.close();
  }
}
