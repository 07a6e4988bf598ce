import type { ItemError, PrefetchAnswer, PrefetchRequest } from '../../plugin/protocol.ts';
import { ImageCacheRequestError, postJson } from './api.ts';
import { imageKey } from './imageKey.ts';
import type { FailureReason } from './prefetchTypes.ts';

interface FailedImage {
  img: HTMLImageElement | null;
  url: string;
  /** What the server has said of it already. */
  known?: ItemError | undefined;
}

/** Images to ask about in one call. */
interface Batch {
  mount: string;
  actorId: string;
  images: FailedImage[];
}

/** What one cause has kept from coming. */
interface Cause {
  code: string;
  text: string;
  images: FailedImage[];
}

/** How long failures are gathered: an unlisted bucket fails a whole page of images. */
const GATHER_MS = 200;
/** Presigned URLs in one call; see `MAX_IMAGES` of `createPrefetchManager.ts`. */
const MAX_IMAGES = 250;

const batches = new Map<string, Batch>();
/** What was told on the console: images, by cause. */
const told = new Map<string, Set<string>>();

/**
 * Says why the cache could not bring an image: on the console, once a cause with the number of images, and, until it shows one, on
 * the image itself (`title`, an outline, `data-image-cache-error`). For developers only: builds leave it out.
 */
export function explain({
  mount,
  actorId = 'default', // as the server files what has none
  ...image
}: FailedImage & { mount: string; actorId?: string | undefined }): void {
  const id = `${mount} ${actorId}`;
  const batch = batches.get(id) ?? { mount, actorId, images: [] };
  if (batch.images.length === 0) setTimeout(() => void explainAll(id, batch), GATHER_MS);
  batches.set(id, batch);
  batch.images.push(image);
  if (batch.images.length === MAX_IMAGES) batches.delete(id);
}

async function explainAll(id: string, batch: Batch): Promise<void> {
  if (batches.get(id) === batch) batches.delete(id);
  // What has left the page meanwhile concerns nobody; after a test there may be no server either.
  batch.images = batch.images.filter(({ img }) => img?.isConnected !== false);
  if (batch.images.length === 0) return;
  for (const cause of await causesOf(batch)) {
    tell(cause);
    for (const { img } of cause.images) if (img) mark(img, cause);
  }
}

/** By `POST /prefetch`, whose answer is no error of its own: a browser would make one red line more of each `GET` that fails. */
async function causesOf({ mount, actorId, images }: Batch): Promise<Iterable<Cause>> {
  const causes = new Map<string, Cause>();
  const add = (image: FailedImage, { code, detail, hint = '' }: FailureReason) => {
    const text = `${code}: ${detail} ${hint}`.trimEnd();
    const cause = causes.get(text) ?? { code, text, images: [] };
    causes.set(text, cause);
    cause.images.push(image);
  };
  const asked = images.filter(({ known }) => !known);
  const problems = new Map<FailedImage, FailureReason | undefined>(images.map((image) => [image, image.known]));
  const request: PrefetchRequest = {
    actor_id: actorId,
    images: asked.map(({ url }) => ({ s3_url: url })),
    priority: 'high',
  };
  try {
    if (asked.length > 0) {
      const { results } = await postJson<PrefetchAnswer>(mount, '/prefetch', request);
      for (const [index, image] of asked.entries()) {
        const result = results[index];
        if (result?.status === 'failed') problems.set(image, result.error);
      }
    }
  } catch (error) {
    if (!(error instanceof ImageCacheRequestError)) return []; // cut off in mid-answer
    const { code, detail, hint } = error;
    for (const image of asked) problems.set(image, { code, detail, ...(hint !== undefined && { hint }) });
  }
  for (const [image, problem] of problems) if (problem) add(image, problem);
  return causes.values();
}

function tell({ code, text, images }: Cause): void {
  const known = told.get(text);
  const keys = new Set(images.map(({ url }) => imageKey(url)).filter((key) => known?.has(key) !== true));
  const [first] = keys;
  if (first === undefined) return;
  told.set(text, new Set([...(known ?? []), ...keys]));
  if (known)
    console.warn(`[image-cache] ${code}, as above: ${countOf(keys.size)} more, ${first}${keys.size > 1 ? ' …' : ''}`);
  else console.warn(`[image-cache] ${keys.size > 1 ? `${countOf(keys.size)}, the first is ` : ''}${first}\n${text}`);
}

function countOf(count: number): string {
  return count === 1 ? '1 image' : `${count} images`;
}

function isShown(img: HTMLImageElement): boolean {
  return img.complete && img.naturalWidth > 0;
}

/** Shows on an image why there is none, until it shows one. */
export function mark(img: HTMLImageElement, { code, text }: { code: string; text: string }): void {
  if (isShown(img)) return;
  const isTitled = img.title !== '' && img.dataset['imageCacheError'] === undefined;
  if (!isTitled) img.title = text;
  const { outline } = img.style;
  img.dataset['imageCacheError'] = code;
  img.style.outline = outline || '2px dashed #d22';
  img.addEventListener(
    'load',
    () => {
      if (!isTitled) img.removeAttribute('title');
      delete img.dataset['imageCacheError'];
      img.style.outline = outline;
    },
    { once: true },
  );
}
