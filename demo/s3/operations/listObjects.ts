import { S3Error } from '../errors.ts';
import { listKeys, type ListingPage } from '../listing.ts';
import type { ObjectMap } from '../objectStore.ts';
import { OWNER } from './buckets.ts';
import { toIsoDate, xmlReply, type Call, type Operation } from './operation.ts';
import type { XmlContent } from '../xml.ts';

const MAX_KEYS = 1000;
/** How many lazy objects one listing makes at a time. */
const LAZY_CONCURRENCY = 4;

/** ListObjectsV2 */
export const listObjectsV2: Operation = async (call) => {
  const { query } = call.request;
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after') ?? '';
  const listing = await list(call, token === null ? startAfter : fromToken(token));
  const { page, encode, common } = listing;
  return xmlReply('ListBucketResult', {
    ...common,
    KeyCount: page.keys.length + page.commonPrefixes.length,
    StartAfter: startAfter === '' ? undefined : encode(startAfter),
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.next === undefined ? undefined : toToken(page.next),
    Contents: await describe(listing, query.get('fetch-owner') === 'true' ? OWNER : undefined),
  });
};

/** ListObjects: the first version, which some clients still use with servers other than AWS. */
export const listObjectsV1: Operation = async (call) => {
  const marker = call.request.query.get('marker') ?? '';
  const listing = await list(call, marker);
  const { page, encode, common } = listing;
  return xmlReply('ListBucketResult', {
    ...common,
    Marker: encode(marker),
    NextMarker: page.next === undefined ? undefined : encode(page.next),
    Contents: await describe(listing, OWNER),
  });
};

interface Listing {
  objects: ObjectMap;
  page: ListingPage;
  encode(text: string): string;
  /** The part of the answer that both versions of the API have. */
  common: Record<string, XmlContent>;
}

async function list({ request, store }: Call, after: string): Promise<Listing> {
  const { name, objects } = store.bucket(request.bucket);
  const { query } = request;
  const encodingType = query.get('encoding-type') ?? undefined;
  if (encodingType !== undefined && encodingType !== 'url') throw invalidArgument('encoding-type', encodingType);

  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const maxKeys = parseMaxKeys(query.get('max-keys'));
  const page = listKeys(objects.keys(), { prefix, delimiter, maxKeys, after });
  const encode = encodingType === undefined ? (text: string) => text : urlEncode;
  return {
    objects,
    page,
    encode,
    common: {
      Name: name,
      Prefix: encode(prefix),
      Delimiter: delimiter === '' ? undefined : encode(delimiter),
      MaxKeys: maxKeys,
      EncodingType: encodingType,
      IsTruncated: page.next !== undefined,
      CommonPrefixes: page.commonPrefixes.map((commonPrefix) => ({ Prefix: encode(commonPrefix) })),
    },
  };
}

async function describe({ objects, page, encode }: Listing, owner?: XmlContent): Promise<XmlContent[]> {
  const contents: XmlContent[] = [];
  for (let start = 0; start < page.keys.length; start += LAZY_CONCURRENCY) {
    const keys = page.keys.slice(start, start + LAZY_CONCURRENCY);
    const described = keys.map(async (key): Promise<XmlContent> => {
      const object = await objects.get(key);
      if (object === undefined) return undefined; // it was deleted while others were being made
      return {
        Key: encode(key),
        LastModified: toIsoDate(object.lastModified),
        ETag: object.etag,
        ChecksumAlgorithm: object.checksum?.algorithm.toUpperCase(),
        Size: object.body.length,
        StorageClass: 'STANDARD',
        Owner: owner,
      };
    });
    contents.push(...(await Promise.all(described)));
  }
  return contents;
}

function parseMaxKeys(text: string | null): number {
  if (text === null) return MAX_KEYS;
  if (!/^\d{1,10}$/.test(text)) throw invalidArgument('max-keys', text);
  return Math.min(Number(text), MAX_KEYS);
}

/** The continuation token, which is opaque to clients, as in S3. */
function toToken(after: string): string {
  return Buffer.from(`after:${after}`).toString('base64url');
}

function fromToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('after:')) throw invalidArgument('continuation-token', token);
  return text.slice('after:'.length);
}

function urlEncode(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/');
}

function invalidArgument(name: string, value: string): S3Error {
  return new S3Error('InvalidArgument', { fields: { ArgumentName: name, ArgumentValue: value } });
}
