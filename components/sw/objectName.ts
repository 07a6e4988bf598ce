import { parametersOf } from '../../plugin/signatures.ts';
import { type BucketPlace, findInBuckets } from './bucketPlaces.ts';

/** The object behind a URL, whatever its signature and the form of its host. */
export interface ObjectName {
  /** In a listed bucket the URL that our server calls canonical; of any other, the URL without its signature. */
  readonly canonical: string;
  readonly isSigned: boolean;
  /** The beginning of the URL, if it is in a listed bucket: all objects there can be read by pages, or none. */
  readonly place: string | undefined;
}

/** @throws TypeError for what is no absolute URL */
export function objectName(places: readonly BucketPlace[], url: string): ObjectName {
  const { href, host, pathname, search } = new URL(url);
  const [object = href] = href.split(/[?#]/, 1);
  const { kept, signed } = parametersOf(host + pathname, search);
  const found = findInBuckets(places, object);
  if (!found) return { canonical: withQuery(object, kept), isSigned: signed, place: undefined };
  const { start, key, place } = found;
  // Those that only set headers of the answer, and those that AWS ignores, choose no other picture.
  const own = kept.filter((pair) => (place.isAws ? /^(versionId|partNumber)=/ : /^(?!response-)/).test(pair));
  // What a CDN makes of a parameter is not known, so that is an image of its own.
  const isOther = place.isCdn && own.some((pair) => pair !== '');
  const base = isOther ? object : place.canonical + key.split('/').map(encode).join('/');
  return { canonical: withQuery(base, own.toSorted()), isSigned: signed, place: start };
}

function withQuery(base: string, pairs: readonly string[]): string {
  const query = pairs.join('&');
  return query === '' ? base : `${base}?${query}`;
}

/** As S3 signs it. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
