import { createS3Server } from '../../../demo/s3/index.ts';
import { type PhotoSize, numbered, photoOf } from '../photos.ts';
import type { RunningServer } from './kinds.ts';

export interface S3Options {
  bucket: string;
  /** `<prefix><n>.jpg`, n from 0; each is made when it is first asked for. */
  objects: { prefix: string; count: number; size: PhotoSize }[];
}

/** The embedded S3 server, with numbered photographs. */
export async function start({ bucket, objects }: S3Options): Promise<RunningServer> {
  const server = await createS3Server({ buckets: [bucket] });
  for (const { prefix, count, size } of objects) {
    const photo = await photoOf(size);
    for (let n = 0; n < count; n += 1) {
      const produce = async () => numbered(photo, `${prefix}${n}`);
      server.putLazy(bucket, `${prefix}${n}.jpg`, { contentType: 'image/jpeg', produce });
    }
  }
  return { port: server.port, close: () => server.close() };
}
