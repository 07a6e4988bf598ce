import { CONTROL_PATH } from './s3/control.ts';

/** The bucket of the demo's pictures, and the keys to read it. */
export interface Storage {
  /** `undefined` for AWS itself. */
  endpoint?: string;
  region: string;
  bucket: string;
  /** `undefined` for the SDK's own provider chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** The URL to switch faults of the embedded server; `undefined` for another server. */
  controlUrl?: string;
}

/** The embedded server always has the same port, because the endpoint is part of an image's name in the cache. */
export const STORAGE_PORT = 9179;
export const STORAGE_CREDENTIALS = { accessKeyId: 'DEMOKEY', secretAccessKey: 'demosecret' };
export const STORAGE_BUCKET = 'private-photos';

/**
 * The settings of the environment, or the defaults of the embedded server, so that an editor or a linter can load
 * `vite.config.ts` when no server is running.
 */
export function readStorage(env: NodeJS.ProcessEnv = process.env): Storage {
  const region = env['S3_REGION'] ?? env['AWS_REGION'] ?? 'us-east-1';
  if (usesOtherServer(env)) {
    const endpoint = env['S3_ENDPOINT'];
    return { region, bucket: env['S3_BUCKET'] ?? STORAGE_BUCKET, ...(endpoint !== undefined && { endpoint }) };
  }
  const endpoint = env['DEMO_S3_ENDPOINT'] ?? `http://127.0.0.1:${STORAGE_PORT}`;
  return {
    endpoint,
    region: 'us-east-1',
    bucket: STORAGE_BUCKET,
    credentials: STORAGE_CREDENTIALS,
    controlUrl: `${endpoint}${CONTROL_PATH}`,
  };
}

/** Whether the demo uses the user's own server. */
export function usesOtherServer(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['S3_ENDPOINT'] !== undefined || env['S3_BUCKET'] !== undefined;
}

/** The object's key in the bucket. */
export function keyOf(photo: { actorId: string; filename: string }): string {
  return `actors/${photo.actorId}/${photo.filename}`;
}
