import { configuredBaseUrl, configuredImageBase } from '../client/config.ts';
import { detailsUrl, inspectorUrl } from '../client/inspectorUrl.ts';
import { followImages, type VisibleImages } from './followImages.ts';
import { createLayer, type Mark } from './layer.ts';
import { observeLoads } from './loads.ts';
import { type Origin, originOf } from './origin.ts';

export interface OriginsOptions {
  /** The path (or URL) of the API. @default that of the plugin, or of `configureImageCache()` */
  base?: string | undefined;
  /** The URL of the API at a CDN, for images that never change. @default that of the plugin, or of `configureImageCache()` */
  imageBase?: string | undefined;
  /** The path (or URL) of the inspector, where the marks lead. @default that of the plugin; without it, the marks lead nowhere */
  inspector?: string | undefined;
}

/** The marks of the page. There is one set of them, whichever copy of this module has been loaded by whom. */
interface Running {
  /** @param isOn undefined: the other way round */
  toggle(isOn?: boolean): void;
  stop(): void;
}

const RUNNING = Symbol.for('vite-plugin-image-cache:origins');
// Only this module uses the symbol.
const page = globalThis as { [RUNNING]?: Running | undefined };

/** The letter of a mark, and what it means. */
const MEANINGS: Record<Origin['from'], readonly [letter: string, words: string]> = {
  memory: ['M', 'Memory'],
  disk: ['D', 'Disk'],
  s3: ['S', 'S3'],
  browser: ['B', 'Browser'],
  cdn: ['C', 'CDN'],
  origin: ['O', 'Bypasses the cache'],
  failed: ['!', 'Failed'],
  unknown: ['?', 'From the cache'],
};

/**
 * Marks each picture in the viewport with where it came from: M memory, D disk, S S3, B the browser's own cache, C a CDN, O its original URL,
 * so that it bypasses the cache, ! failed, ? not known. A mark tells how long it took, and leads to the image in the inspector. Alt+Shift+I switches
 * the marks off and on. Pictures that no cache can hold have none: those of the app itself, `data:` and `blob:`.
 * @returns a function that ends it completely
 * @example if (import.meta.env.DEV) showOrigins();
 */
export function showOrigins(options: OriginsOptions = {}): () => void {
  if (typeof document === 'undefined') return () => {};
  page[RUNNING] ??= start(options);
  return page[RUNNING].stop;
}

/** Switches the marks on or off. */
export function switchOrigins(options: OriginsOptions, isOn: boolean): void {
  if (isOn) showOrigins(options);
  page[RUNNING]?.toggle(isOn);
}

function start(options: OriginsOptions): Running {
  const loads = observeLoads(() => shown?.update());
  let shown: Shown | undefined = showMarks(options, loads);

  function toggle(isOn = !shown): void {
    if (isOn) {
      shown ??= showMarks(options, loads);
    } else {
      shown?.remove();
      shown = undefined;
    }
  }

  /** On its way down, so that nothing on the page can take it away. */
  function handleKey(event: KeyboardEvent): void {
    if (event.code !== 'KeyI' || !event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    toggle();
  }
  window.addEventListener('keydown', handleKey, true);

  return {
    toggle,
    stop() {
      window.removeEventListener('keydown', handleKey, true);
      toggle(false);
      loads.stop();
      page[RUNNING] = undefined;
    },
  };
}

interface Shown {
  update(): void;
  remove(): void;
}

function showMarks(
  { base = configuredBaseUrl(), imageBase = configuredImageBase(), inspector }: OriginsOptions,
  loads: ReturnType<typeof observeLoads>,
): Shown {
  const layer = createLayer();
  const baseUrl = base && absolute(base);
  const cdn = imageBase && absolute(imageBase);
  const details = inspector === undefined ? inspectorUrl(base) : `${absolute(inspector)}/`;
  /** The URLs of images without a width. */
  const examined = new WeakMap<HTMLImageElement, { url: string; hasFailed: boolean | undefined }>();
  const images = followImages(show);

  /** An image without a width has failed, or is an SVG without a size: only decoding tells. `undefined` until it has. */
  function hasFailed(img: HTMLImageElement): boolean | undefined {
    const { currentSrc: url, complete, naturalWidth } = img;
    if (!complete || naturalWidth > 0) return false;
    const known = examined.get(img);
    if (known?.url === url) return known.hasFailed;
    const settle = (isFailed: boolean) => (): void => {
      examined.set(img, { url, hasFailed: isFailed });
      images.update();
    };
    examined.set(img, { url, hasFailed: undefined });
    img.decode().then(settle(false), settle(true));
    return undefined;
  }

  function show(visible: VisibleImages): void {
    const marks = new Map<HTMLImageElement, Mark>();
    for (const [img, box] of visible) {
      const isFailed = hasFailed(img);
      const origin =
        isFailed === undefined ? undefined : originOf(img, { baseUrl, imageBase: cdn, loads, hasFailed: isFailed });
      if (origin) marks.set(img, { ...toMark(origin, details), box });
    }
    layer.show(marks);
  }

  return {
    update: images.update,
    remove() {
      images.stop();
      layer.remove();
    },
  };
}

/** Without a slash at its end. */
function absolute(url: string): string {
  return new URL(url, location.href).href.replace(/\/$/, '');
}

function toMark({ from, image, ms, code, isSimulated }: Origin, inspector: string | undefined): Omit<Mark, 'box'> {
  const [letter, words] = MEANINGS[from];
  const time = ms === undefined ? undefined : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  const name = image.split('?', 1)[0]?.split('/').at(-1);
  return {
    from,
    letter,
    text: `${[words, code, time, isSimulated && 'simulated'].filter(Boolean).join(', ')}: ${name}`,
    href: inspector && detailsUrl(inspector, image),
    isSimulated,
  };
}
