import type { PrefetchRequest } from '../../plugin/protocol.ts';
import { imageKey } from './imageKey.ts';
import { detailsUrl, inspectorUrl } from './inspectorUrl.ts';
import type { FailureReason } from './prefetchTypes.ts';
import { type PrefetchCall, sendPrefetch } from './sendPrefetch.ts';
import { reasonOf } from './shouldRetry.ts';

interface FailedImage {
  readonly img: HTMLImageElement | null;
  readonly url: string;
  readonly actorId: string | undefined;
  /** Why the server could not fetch the image, if it has said so. */
  problem?: FailureReason | undefined;
}

/** How long failures are gathered. If a bucket is not listed, all images of a page fail. */
const GATHER_MS = 200;
/** The server's limit for one call. If more images fail in one moment, the others have failed for the same reasons. */
const MAX_IMAGES = 1_000;

/** Images that are explained together, by the base URL of their server. */
const batches = new Map<string, FailedImage[]>();
/** Images that were printed already, by cause. */
const told = new Map<string, Set<string>>();

/**
 * Tells developers why the cache could not provide an image. It prints each cause once, with the number of images, and marks the image until
 * it shows a picture (`title`, an outline, `data-image-cache-error`). Builds leave this out.
 */
export function explain(baseUrl: string, image: FailedImage): void {
  const batch = batches.get(baseUrl) ?? [];
  if (batch.length === 0) setTimeout(() => void explainAll(baseUrl, batch), GATHER_MS);
  batches.set(baseUrl, batch);
  batch.push(image);
}

async function explainAll(baseUrl: string, batch: readonly FailedImage[]): Promise<void> {
  batches.delete(baseUrl);
  // An image that was removed from the page needs no explanation. After a test, the server may be gone as well.
  const images = batch.filter(({ img }) => img?.isConnected !== false);
  await askAbout(baseUrl, images.filter(({ problem }) => !problem).slice(0, MAX_IMAGES));
  /** The keys of the images, by cause. */
  const causes = new Map<string, string[]>();
  for (const { img, url, problem } of images) {
    if (!problem) continue;
    const { code, detail, hint = '' } = problem;
    const text = `${code}: ${detail} ${hint}`.trimEnd();
    causes.set(text, [...(causes.get(text) ?? []), imageKey(url)]);
    if (img) mark(img, { code, text });
  }
  for (const [text, keys] of causes) tell(baseUrl, text, keys);
}

/** Asks with `POST /prefetch`, because its answer has the status 200: browsers print a red line for each request that fails. */
async function askAbout(baseUrl: string, images: readonly FailedImage[]): Promise<void> {
  if (images.length === 0) return;
  const request: PrefetchRequest = {
    actor_id: 'default', // the server uses this for images without an actor
    images: images.map(({ url, actorId }) => ({ s3_url: url, ...(actorId && { actor_id: actorId }) })),
    priority: 'high',
  };
  const onResult: PrefetchCall['onResult'] = (index, result) => {
    const image = images[index];
    if (image && result.status === 'failed') image.problem = result.error;
  };
  await sendPrefetch(baseUrl, request, { signal: new AbortController().signal, onResult }).catch((error: unknown) => {
    for (const image of images) image.problem ??= reasonOf(error);
  });
}

function tell(baseUrl: string, text: string, keys: readonly string[]): void {
  const known = told.get(text);
  const news = new Set(keys.filter((key) => !known?.has(key)));
  const [first] = news;
  if (first === undefined) return;
  told.set(text, new Set([...(known ?? []), ...news]));
  const count = news.size === 1 ? '1 image' : `${news.size} images`;
  const more = news.size > 1 ? ' …' : '';
  const what = known
    ? [`${text.split(':', 1)[0]}, as above: ${count} more, ${first}${more}`]
    : [`${news.size > 1 ? `${count}, the first is ` : ''}${first}`, text];
  const inspector = inspectorUrl(baseUrl);
  const link = inspector === undefined ? [] : [`See ${detailsUrl(inspector, first)}`];
  console.warn(`[image-cache] ${[...what, ...link].join('\n')}`);
}

/** Marks an image with the reason why it has no picture, until it has one. */
export function mark(img: HTMLImageElement, { code, text }: { code: string; text: string }): void {
  if (img.complete && img.naturalWidth > 0) return;
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
