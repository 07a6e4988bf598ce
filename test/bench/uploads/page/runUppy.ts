import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';
import { freshPictures } from './freshPictures.ts';
import { type Measured, measure } from './measure.ts';
import { sign } from './sign.ts';

/** From the files to the last answer of the bucket. */
export async function runUppy({ count, concurrency }: { count: number; concurrency: number }): Promise<Measured> {
  const files = await freshPictures('/small.jpg', count);
  const uppy = new Uppy();
  uppy.use(AwsS3, {
    limit: concurrency,
    shouldUseMultipart: false,
    signRequest: ({ key }) => sign({ method: 'PUT', key, headers: { 'content-type': 'image/jpeg' } }),
  });
  try {
    return await measure(async () => {
      uppy.addFiles(files.map((data) => ({ name: data.name, type: data.type, data })));
      const result = await uppy.upload();
      if (result?.successful?.length !== count) throw new Error(`Uppy has uploaded ${result?.successful?.length}.`);
    });
  } finally {
    uppy.destroy();
  }
}
