import type { DEFAULT_BASE } from '../../plugin/protocol.ts';
import { parseDuration, parseSize } from '../../plugin/amounts.ts';
import { type BucketPlace, type WorkerBucket, bucketPlaces } from './bucketPlaces.ts';
import { refuse, refuseOthers } from './refuse.ts';

type UserId = string | undefined;

export interface ImageWorkerOptions {
  /**
   * The path of the API of our server, with the `base` of your app in front if it has one, or the URL of a server elsewhere. `false` if there is none.
   * @default '/api/cache'
   */
  base?: string | false;
  /**
   * The buckets whose own URLs are kept: names, or objects as in the plugin's option `buckets`, so that both can share them. Credentials are refused, since a worker is
   * public. The bucket must allow the page's origin to read (CORS); the images of one that does not are left alone. @default [] (only what our server serves)
   */
  buckets?: readonly (string | WorkerBucket)[];
  /** How much is kept: bytes, or a text such as `'200MB'`. The pictures that were not shown for longest go first. @default '200MB' */
  maxSize?: number | string;
  /**
   * How long a picture from a bucket is shown without asking for it again, in seconds or as a text such as `'12h'`, `'30d'`. An older one is fetched
   * again, and shown when that fails. What was not shown for so long is removed. @default '30d'
   */
  maxAge?: number | string;
  /**
   * The user whose private pictures may be kept: those with signed URLs, and those that a server calls `private`. `undefined` for nobody. When it changes,
   * the pictures of the former user are removed. A function is called for each picture, also without a network; while it fails, or takes longer than a second, private
   * pictures are neither shown nor kept. @default the one of `setOfflineUser()`
   */
  partition?: string | (() => UserId | Promise<UserId>);
}

export interface ResolvedWorkerOptions {
  /** The URL of the API without a slash at its end. */
  readonly base: string | undefined;
  readonly places: readonly BucketPlace[];
  /** Bytes. */
  readonly maxSize: number;
  /** Milliseconds. */
  readonly maxAge: number;
  /** `undefined`: pages say it. */
  readonly partition: (() => UserId | Promise<UserId>) | undefined;
}

const NAMES = ['base', 'buckets', 'maxSize', 'maxAge', 'partition'] satisfies (keyof ImageWorkerOptions)[];

/** @throws Error `INVALID_OPTION` */
export function resolveWorkerOptions(options: ImageWorkerOptions, origin: string): ResolvedWorkerOptions {
  refuseOthers(options, NAMES, '');
  const {
    base = '/api/cache' satisfies typeof DEFAULT_BASE,
    buckets = [],
    maxSize = '200MB',
    maxAge = '30d',
  } = options;
  return {
    base: resolveBase(base, origin),
    places: bucketPlaces(buckets),
    maxSize: parseSize(maxSize) ?? refuse('maxSize', 'is wrong', "Write e.g. '200MB'."),
    maxAge: parseDuration(maxAge) ?? refuse('maxAge', 'is wrong', "Write e.g. '30d'."),
    partition: resolvePartition(options.partition),
  };
}

function resolveBase(base: unknown, origin: string): string | undefined {
  if (base === false) return undefined;
  if (typeof base !== 'string' || !/^(\/(?!\/)|https?:\/\/[^/])/.test(base)) {
    return refuse('base', 'is wrong', "Write '/api/cache', or false without a server.");
  }
  return new URL(base, origin).href.replace(/\/+$/, '');
}

function resolvePartition(partition: ImageWorkerOptions['partition']): ResolvedWorkerOptions['partition'] {
  if (typeof partition === 'string') return () => partition;
  if (partition === undefined || typeof partition === 'function') return partition;
  return refuse('partition', 'is wrong', 'Write String(id).');
}
