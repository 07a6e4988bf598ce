import { imageKey } from './imageKey.ts';
import { problemOf } from './problemOf.ts';

/** Reasons that were told on the console, by image. */
const told = new Set<string>();
/** One question at a time: an unlisted bucket fails a whole page of images. */
let last: Promise<void> = Promise.resolve();

/**
 * Says why the cache could not bring an image: once on the console, and, until it shows one, on the image itself (`title`, an
 * outline, `data-image-cache-error`). For developers only: builds leave it out.
 */
export function explain(
  img: HTMLImageElement | null,
  mount: string,
  url: string,
  actorId: string | undefined,
): Promise<void> {
  last = last.then(async () => {
    const problem = await problemOf(mount, url, actorId);
    if (!problem) return;
    const { code, detail, hint } = problem;
    const text = `${code}: ${detail}${hint === undefined ? '' : ` ${hint}`}`;
    const key = imageKey(url);
    if (!told.has(code + key)) console.warn(`[image-cache] ${key}\n${text}`);
    told.add(code + key);
    if (img && !isShown(img)) mark(img, code, text);
  });
  return last;
}

function isShown(img: HTMLImageElement): boolean {
  return img.complete && img.naturalWidth > 0;
}

function mark(img: HTMLImageElement, code: string, text: string): void {
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
