import { MAX_XML_BYTES } from '../body.ts';
import { corsConfiguration, parseCorsRules } from '../cors.ts';
import { S3Error } from '../errors.ts';
import { parseXml } from '../xml.ts';
import { toIsoDate, xmlReply, type Operation } from './operation.ts';

export const OWNER = { ID: 'local', DisplayName: 'local' };

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const BUCKET_NAME = /^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const IP_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;

export const listBuckets: Operation = ({ store }) =>
  xmlReply('ListAllMyBucketsResult', {
    Owner: OWNER,
    Buckets: {
      Bucket: store.buckets().map(({ name, createdAt }) => ({ Name: name, CreationDate: toIsoDate(createdAt) })),
    },
  });

export const createBucket: Operation = async ({ request, store, region, readBody }) => {
  const { bucket } = request;
  if (!BUCKET_NAME.test(bucket) || IP_ADDRESS.test(bucket)) {
    throw new S3Error('InvalidBucketName', { fields: { BucketName: bucket } });
  }
  const { bytes } = await readBody(MAX_XML_BYTES);
  if (bytes.length > 0) parseXml(bytes.toString(), 'CreateBucketConfiguration');
  // Only us-east-1 lets an owner create a bucket again.
  if (store.find(bucket) !== undefined && region !== 'us-east-1') {
    throw new S3Error('BucketAlreadyOwnedByYou', { fields: { BucketName: bucket } });
  }
  store.create(bucket);
  return { status: 200, headers: { Location: `/${bucket}` } };
};

export const headBucket: Operation = ({ request, store, region }) => {
  store.bucket(request.bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': region } };
};

export const deleteBucket: Operation = ({ request, store }) => {
  const { name, objects } = store.bucket(request.bucket);
  if (objects.size > 0) throw new S3Error('BucketNotEmpty', { fields: { BucketName: name } });
  store.delete(name);
  return { status: 204 };
};

export const getBucketLocation: Operation = ({ request, store, region }) => {
  store.bucket(request.bucket);
  // For historical reasons, us-east-1 is an empty text.
  return xmlReply('LocationConstraint', region === 'us-east-1' ? '' : region);
};

/** Some clients request this before they list. Buckets of this server never have versions. */
export const getBucketVersioning: Operation = ({ request, store }) => {
  store.bucket(request.bucket);
  return xmlReply('VersioningConfiguration', {});
};

export const putBucketCors: Operation = async ({ request, store, readBody }) => {
  const bucket = store.bucket(request.bucket);
  bucket.cors = parseCorsRules((await readBody(MAX_XML_BYTES)).bytes.toString());
  return { status: 200 };
};

export const getBucketCors: Operation = ({ request, store }) => {
  const { name, cors } = store.bucket(request.bucket);
  if (cors.length === 0) throw new S3Error('NoSuchCORSConfiguration', { fields: { BucketName: name } });
  return xmlReply('CORSConfiguration', corsConfiguration(cors));
};

export const deleteBucketCors: Operation = ({ request, store }) => {
  store.bucket(request.bucket).cors = [];
  return { status: 204 };
};
