import { S3Error } from './errors.ts';
import {
  createBucket,
  deleteBucket,
  deleteBucketCors,
  getBucketCors,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
  putBucketCors,
} from './operations/buckets.ts';
import { copyObject, uploadPartCopy } from './operations/copyObject.ts';
import { listObjectsV1, listObjectsV2 } from './operations/listObjects.ts';
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
} from './operations/multipartUpload.ts';
import type { Operation } from './operations/operation.ts';
import { getObjectTagging, readObject } from './operations/readObject.ts';
import { deleteObject, deleteObjects, putObject } from './operations/writeObject.ts';
import { header, type S3Request } from './request.ts';

/** All operations, by method and resource. */
const OPERATIONS = {
  'GET service': listBuckets,

  'PUT bucket': createBucket,
  'HEAD bucket': headBucket,
  'DELETE bucket': deleteBucket,
  'GET bucket': listObjectsV1,
  'GET bucket?list-type': listObjectsV2,
  'GET bucket?location': getBucketLocation,
  'GET bucket?versioning': getBucketVersioning,
  'GET bucket?uploads': listMultipartUploads,
  'GET bucket?cors': getBucketCors,
  'PUT bucket?cors': putBucketCors,
  'DELETE bucket?cors': deleteBucketCors,
  'POST bucket?delete': deleteObjects,

  'GET object': readObject,
  'HEAD object': readObject,
  'PUT object': putObject,
  'PUT object (copy)': copyObject,
  'DELETE object': deleteObject,
  'GET object?tagging': getObjectTagging,
  'POST object?uploads': createMultipartUpload,
  'GET object?uploadId': listParts,
  'PUT object?uploadId': uploadPart,
  'PUT object?uploadId (copy)': uploadPartCopy,
  'POST object?uploadId': completeMultipartUpload,
  'DELETE object?uploadId': abortMultipartUpload,
} satisfies Record<string, Operation>;

type OperationName = keyof typeof OPERATIONS;

export interface Route {
  name: OperationName;
  operation: Operation;
}

/** Query parameters that name something else than the bucket or object itself. Those not listed are ignored, as by S3. */
const SUBRESOURCES = (
  'list-type location versioning versions uploads uploadId cors delete acl tagging policy lifecycle encryption website ' +
  'notification replication logging object-lock attributes retention legal-hold restore select torrent partNumber ' +
  'publicAccessBlock'
).split(' ');

/** @throws S3Error MethodNotAllowed, NotImplemented */
export function route(request: S3Request): Route {
  const resource = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  // A part has two such parameters; `uploadId` comes first in the list.
  const subresource = SUBRESOURCES.find((candidate) => request.query.has(candidate));
  const copy = request.method === 'PUT' && header(request, 'x-amz-copy-source') !== undefined;
  const name = `${request.method} ${resource}${subresource === undefined ? '' : `?${subresource}`}${copy ? ' (copy)' : ''}`;
  if (isOperationName(name)) return { name, operation: OPERATIONS[name] };
  throw new S3Error(subresource === undefined && !copy ? 'MethodNotAllowed' : 'NotImplemented', {
    fields: { Method: request.method, ResourceType: resource.toUpperCase() },
  });
}

function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name);
}
