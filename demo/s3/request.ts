import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { S3Error } from './errors.ts';

/** A request as S3 sees it: addressed to the service, to a bucket, or to an object. */
export interface S3Request {
  method: string;
  /** Empty when the request is to the service itself. */
  bucket: string;
  /** The decoded key, otherwise unchanged: `//a`, `a/../b` and case are all significant. Empty for a bucket. */
  key: string;
  /** The decoded path of the URL, which is part of the signature. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Every value of a header, in order. */
  headerValues(name: string): string[];
  incoming: IncomingMessage;
}

/** In the style of virtual hosts, the bucket comes before this name, e.g. `photos.localhost`. */
const BASE_HOST = 'localhost';

const MAX_KEY_BYTES = 1024;

/** @throws S3Error InvalidURI, KeyTooLongError */
export function parseRequest(incoming: IncomingMessage): S3Request {
  const target = incoming.url ?? '';
  if (!target.startsWith('/')) throw new S3Error('InvalidURI');

  const queryStart = target.indexOf('?');
  const path = decodePath(queryStart === -1 ? target : target.slice(0, queryStart));
  const virtualBucket = bucketOfHost(incoming.headers.host ?? '');
  const { bucket, key } =
    virtualBucket === undefined ? splitPath(path.slice(1)) : { bucket: virtualBucket, key: path.slice(1) };
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) throw new S3Error('KeyTooLongError');

  return {
    method: incoming.method ?? '',
    bucket,
    key,
    path,
    query: new URLSearchParams(queryStart === -1 ? '' : target.slice(queryStart + 1)),
    headers: incoming.headers,
    headerValues: (name) => incoming.headersDistinct[name] ?? [],
    incoming,
  };
}

/** The value of a header that may not be repeated, or `undefined`. */
export function header(request: S3Request, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** An `x-amz-*` parameter, which is in the query of a presigned URL. */
export function amzParameter(request: S3Request, name: string): string | undefined {
  return header(request, name) ?? request.query.get(name) ?? undefined;
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new S3Error('InvalidURI');
  }
}

function bucketOfHost(host: string): string | undefined {
  const name = host.replace(/:\d*$/, '').toLowerCase();
  return name.endsWith(`.${BASE_HOST}`) ? name.slice(0, -BASE_HOST.length - 1) : undefined;
}

function splitPath(path: string): { bucket: string; key: string } {
  const slash = path.indexOf('/');
  return slash === -1 ? { bucket: path, key: '' } : { bucket: path.slice(0, slash), key: path.slice(slash + 1) };
}
