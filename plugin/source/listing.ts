import { ImageCacheError } from '../errors.ts';
import { xmlElement } from './xmlElement.ts';

/** What an answer to `ListObjectsV2` says. */
export interface Listing {
  objects: { key: string; modifiedAt: number; size: number }[];
  isComplete: boolean;
}

/** A page of a thousand objects with the longest keys has less. */
export const LISTING_LIMIT = 8 << 20;

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * Reads the answer to `ListObjectsV2`. What is not there may be deleted, so an answer that is not understood in full is refused: one that was
 * cut, one for another prefix, a page of a proxy.
 * @throws ImageCacheError UPSTREAM_ERROR
 */
export function parseListing(xml: string, prefix: string): Listing {
  const [, result] = /<ListBucketResult[^>]*>(.*)<\/ListBucketResult>\s*$/s.exec(xml) ?? [];
  if (result === undefined) throw notUnderstood('It is not whole.');
  const parts = result.split('<Contents>');
  const objects = parts.slice(1).map((part) => {
    const [content = '', , more] = part.split('</Contents>');
    const [key, modified] = [textOf(content, 'Key'), textOf(content, 'LastModified')];
    const modifiedAt = Date.parse(modified ?? '');
    const isUnderstood = part.includes('</Contents>') && more === undefined;
    if (!isUnderstood || key === undefined || Number.isNaN(modifiedAt))
      throw notUnderstood('An object has no key or time.');
    if (!key.startsWith(prefix)) throw notUnderstood('It has objects that were not asked for.');
    return { key, modifiedAt, size: Number.parseInt(textOf(content, 'Size') ?? '', 10) };
  });
  // What comes after the objects, and before them; some stores write it at the end.
  const around = `${parts[0] ?? ''}${parts.length > 1 ? (parts.at(-1)?.split('</Contents>')[1] ?? '') : ''}`;
  const isTruncated = textOf(around, 'IsTruncated');
  if (isTruncated !== 'true' && isTruncated !== 'false') throw notUnderstood('It does not say whether there is more.');
  if ((textOf(around, 'Prefix') ?? '') !== prefix) throw notUnderstood('It is of another prefix.');
  return { objects, isComplete: isTruncated === 'false' };
}

function textOf(xml: string, name: string): string | undefined {
  const raw = xmlElement(xml, name);
  return raw === undefined ? undefined : decode(raw);
}

function decode(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{1,8}));/gi,
    (all: string, decimal?: string, hex = '', name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? all;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}

function notUnderstood(why: string): ImageCacheError {
  return new ImageCacheError(
    'UPSTREAM_ERROR',
    `The bucket has answered with a listing that is not understood. ${why}`,
    {
      hint: 'Nothing is deleted because of it. Check that the endpoint of the bucket is an S3 server.',
    },
  );
}
