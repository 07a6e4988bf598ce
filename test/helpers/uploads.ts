import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { UploadStatus } from '../../plugin/uploadProtocol.ts';
import { type Api, type Bucket, startApi } from './stack.ts';
import { temporaryDirectory } from './directory.ts';
import type { ExpressImageCacheOptions } from '../../plugin/express.ts';

export const PROJECT = 'test-app';

/** A new job id. */
export function jobId(): string {
  return Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The name that a picture of these bytes gets. */
export function pictureName(bytes: Uint8Array, extension = 'jpg'): string {
  return `${sha256(bytes).slice(0, 32)}.${extension}`;
}

/** The key that it gets in the bucket. */
export function keyOf(bytes: Uint8Array, extension = 'jpg'): string {
  const name = pictureName(bytes, extension);
  return `uploads/${name.slice(0, 2)}/${name}`;
}

export function contentDigest(bytes: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
}

/** The headers of an upload. */
export function uploadHeaders(bytes: Uint8Array, headers: Record<string, string> = {}): Record<string, string> {
  return { 'Image-Cache-Project': PROJECT, 'Content-Digest': contentDigest(bytes), ...headers };
}

export interface UploadsApi extends Api {
  outbox: string;
  put(job: string, bytes: Uint8Array, headers?: Record<string, string>): Promise<Response>;
  /** With the header of the project. */
  call(method: string, path: string, body?: unknown): Promise<Response>;
  check(job: string, bytes: Uint8Array): Promise<UploadStatus | undefined>;
}

type Uploads = NonNullable<ExpressImageCacheOptions['uploads']>;

/** The API with uploads, all of one owner unless said otherwise. */
export async function startUploads(
  bucket: Bucket,
  { uploads, ...options }: Partial<Omit<ExpressImageCacheOptions, 'uploads'>> & { uploads?: Partial<Uploads> } = {},
): Promise<UploadsApi> {
  const outbox = uploads?.outboxDir ?? join(await temporaryDirectory(), '.image-outbox');
  const api = await startApi(bucket, {
    authorizeUpload: () => 'owner',
    ...options,
    uploads: { bucket: bucket.option.name, project: PROJECT, ...uploads, outboxDir: outbox },
  });
  const call = (method: string, path: string, body?: unknown) =>
    fetch(api.base + path, {
      method,
      headers: { 'Image-Cache-Project': PROJECT, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return {
    ...api,
    outbox,
    call,
    put: (job, bytes, headers) =>
      fetch(`${api.base}/uploads/${job}`, {
        method: 'PUT',
        headers: uploadHeaders(bytes, headers),
        body: Buffer.from(bytes),
      }),
    async check(job, bytes) {
      const answer = await call('POST', '/uploads/check', { jobs: [{ job_id: job, sha256: sha256(bytes) }] });
      const { jobs } = (await answer.json()) as { jobs: UploadStatus[] }; // the protocol says so
      return jobs[0];
    },
  };
}
