import { CONTROL_PATH } from './s3/control.ts';

/** Where the demo's pictures are, and with whose keys. */
export interface Storage {
  /** Nothing for AWS itself. */
  endpoint?: string;
  region: string;
  bucket: string;
  /** Nothing for the SDK's own provider chain. */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** Where the embedded server's faults are switched; nothing when the server is somebody else's. */
  controlUrl?: string;
}

/** The embedded server keeps its port, because the endpoint is part of what the cache knows an image by. */
export const STORAGE_PORT = 9179;
export const STORAGE_CREDENTIALS = { accessKeyId: 'DEMOKEY', secretAccessKey: 'demosecret' };
export const STORAGE_BUCKET = 'private-photos';

/**
 * What the environment says, or the embedded server's defaults, so that an editor or a linter can load
 * `vite.config.ts` without anything running.
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

/** Whether the demo was pointed at a server of the user's. */
export function usesOtherServer(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['S3_ENDPOINT'] !== undefined || env['S3_BUCKET'] !== undefined;
}

/** The object's key in the bucket. */
export function keyOf(photo: { actorId: string; filename: string }): string {
  return `actors/${photo.actorId}/${photo.filename}`;
}
