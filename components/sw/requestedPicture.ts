import { parsePath, pictureId } from '../client/offline/pictureId.ts';
import type { ResolvedWorkerOptions } from './imageWorkerOptions.ts';
import { type ObjectName, objectName } from './objectName.ts';

/** With this header, a page has a picture kept that it requests by `fetch()`. */
const OFFLINE_HEADER = 'Image-Cache-Offline';

/** What a request asks for. */
export type RequestedPicture = { readonly variant: string } & (
  | { readonly from: 'path'; readonly path: string }
  | { readonly from: 'url'; readonly object: ObjectName }
  | { readonly from: 'ref'; readonly imageId: string }
  | { readonly from: 'bucket'; readonly object: ObjectName; readonly place: string }
);

/** The names under which a picture is kept. */
export interface PictureName {
  /** The same for all variants. */
  readonly picture: string;
  readonly key: string;
  /** The first half of the SHA-256 of the original's bytes, if the request says it. */
  readonly digest?: string | undefined;
}

/** Parameters of our server that choose no other picture. */
const OTHERS: ReadonlySet<string> = new Set(['path', 'url', 'actor_id', 'v', 'revalidate']);

/**
 * Says which picture a request asks for; `undefined` for every request that is none of ours.
 * @throws TypeError if it asks our server for what is no URL
 */
export function requestedPicture(
  { base, places }: Pick<ResolvedWorkerOptions, 'base' | 'places'>,
  request: Request,
  origin: string,
): RequestedPicture | undefined {
  const { method, url, destination, headers, mode, credentials } = request;
  if (method !== 'GET' || mode === 'navigate' || headers.has('range')) return undefined;
  if (destination !== 'image' && !headers.has(OFFLINE_HEADER)) return undefined;
  if (base !== undefined && url.startsWith(`${base}/image?`)) return servedPicture(url, places);
  const imageId = imageIdIn(url, [base, `${origin}/api/cache`]);
  if (imageId !== undefined) return { from: 'ref', imageId, variant: variantOf(new URL(url).searchParams) };
  const object = objectName(places, url);
  // What cookies or a header have a part in may be for one user only. An `<img>` without `crossorigin` is asked for without them first.
  if ((mode === 'cors' && credentials === 'include') || headers.has('authorization')) return undefined;
  return object.place === undefined ? undefined : { from: 'bucket', object, place: object.place, variant: '' };
}

function servedPicture(address: string, places: ResolvedWorkerOptions['places']): RequestedPicture | undefined {
  // To our server, a plus is no space.
  const { searchParams } = new URL(address.replaceAll('+', '%2B'));
  const variant = variantOf(searchParams);
  const path = searchParams.get('path');
  if (path !== null) return { from: 'path', path, variant };
  const url = searchParams.get('url') ?? '';
  // To our server, dots are part of the key. `URL` would resolve them, which makes the key of another object.
  if (/\/(\.|%2e){1,2}([/?#]|$)/i.test(url)) return undefined;
  return { from: 'url', object: objectName(places, url), variant };
}

/** A reference has the default base, whatever the API has: it is a name. */
function imageIdIn(url: string, bases: readonly (string | undefined)[]): string | undefined {
  const base = bases.find((each) => each !== undefined && url.startsWith(`${each}/i/`));
  if (base === undefined) return undefined;
  return /^([0-9a-f]{32})\.[a-z0-9]{2,5}(?:\?|$)/.exec(url.slice(base.length + 3))?.[1];
}

function variantOf(parameters: URLSearchParams): string {
  const own = Array.from(parameters).filter(([name]) => !OTHERS.has(name));
  return own
    .map((pair) => pair.join('='))
    .toSorted()
    .join('&');
}

export async function nameOf(requested: RequestedPicture): Promise<PictureName> {
  const { picture, digest } = await originalOf(requested);
  return { picture, digest, key: `${picture} ${requested.variant}` };
}

async function originalOf(requested: RequestedPicture): Promise<Omit<PictureName, 'key'>> {
  if (requested.from === 'path') return parsePath(requested.path) ?? { picture: requested.path };
  if (requested.from === 'ref') return { picture: requested.imageId, digest: requested.imageId };
  return { picture: await pictureId(requested.object.canonical) };
}
