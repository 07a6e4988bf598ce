import type { FakeImages } from './fakeImages.ts';

/**
 * Makes `<img>` elements load and fail as their fake images do. jsdom and happy-dom load nothing, so this dispatches the events. A browser
 * loads the fake picture by itself, so this holds back its events for images that should not be shown yet.
 * @returns a function that stops it
 */
export function driveElements(images: FakeImages, base: string): () => void {
  /** The `src` of each element for which an event was dispatched last. */
  const told = new WeakMap<HTMLImageElement, string>();
  // Kept, because a test environment that ends empties its document, which is observed here, after it has removed the global.
  const page = document;
  /** The `src` whose load was held back. */
  const heldBack = new WeakMap<HTMLImageElement, string>();

  function settle(img: HTMLImageElement): void {
    const src = img.getAttribute('src') ?? '';
    const image = images.find(src);
    if (!image || image.state === 'loading' || told.get(img) === `${image.state} ${src}`) return;
    told.set(img, `${image.state} ${src}`);
    if (image.state === 'cached') {
      if (!loadsImages() || heldBack.get(img) === src) img.dispatchEvent(new Event('load'));
    } else if (src.startsWith(base) || !loadsImages()) {
      img.dispatchEvent(new Event('error'));
    }
  }

  function settleAll(): void {
    for (const img of Array.from(page.querySelectorAll('img'))) settle(img); // happy-dom has no `document.images`
  }

  function holdBack(event: Event): void {
    if (!event.isTrusted || !(event.target instanceof HTMLImageElement)) return;
    const src = event.target.getAttribute('src') ?? '';
    if (!src.startsWith(base) || images.find(src)?.state === 'cached') return;
    heldBack.set(event.target, src);
    event.stopImmediatePropagation();
  }

  const observer = new MutationObserver(settleAll);
  observer.observe(page, { subtree: true, childList: true, attributes: true, attributeFilter: ['src'] });
  page.addEventListener('load', holdBack, true);
  const unsubscribe = images.subscribe(settleAll);
  settleAll();
  return () => {
    observer.disconnect();
    page.removeEventListener('load', holdBack, true);
    unsubscribe();
  };
}

/** Whether elements load pictures in this environment. Those of jsdom and happy-dom do not. */
export function loadsImages(): boolean {
  return !/jsdom|HappyDOM/.test(navigator.userAgent);
}
