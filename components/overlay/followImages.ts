import { watchPlace } from './watchPlace.ts';
import { type Box, clipsOf, textOf, visibleBox } from './visibleBox.ts';

/** The images that can be seen, in the order of the page, with their places. */
export type VisibleImages = ReadonlyMap<HTMLImageElement, Box>;

/**
 * Tells where the images of the page are, as long as they can be seen. What may move them (scrolling, resizing, elements that come or go)
 * causes one look in the next frame, and as long as something moves, each frame has a look. When all stand still, observers of the browser
 * watch over their places, and no script runs. While the page is hidden, nothing is observed.
 *
 * Limit: images in shadow roots and frames are not found.
 * @param show called in a frame
 */
export function followImages(show: (images: VisibleImages) => void): { update(): void; stop(): void } {
  /** Images that are in the viewport, at least in part, with what clips them. */
  const near = new Map<HTMLImageElement, readonly Element[]>();
  let isListStale = true;
  let places: VisibleImages = new Map();
  let frame = 0;
  let guards: (() => void)[] = [];
  let watching: AbortController | undefined;

  const crossings = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const img = target as HTMLImageElement; // nothing else is observed
      if (isIntersecting) near.set(img, clipsOf(img));
      else near.delete(img);
    }
    wake();
  });
  const changes = new MutationObserver(() => {
    isListStale = true;
    wake();
  });

  function wake(): void {
    if (watching && frame === 0) frame = requestAnimationFrame(look);
  }

  function look(): void {
    frame = 0;
    // Those that are observed already stay so, and those that have left the page are reported as out of sight, then forgotten.
    if (isListStale) for (const img of document.images) crossings.observe(img);
    isListStale = false;
    const before = places;
    const now = new Map<HTMLImageElement, Box>();
    for (const img of document.images) {
      const clips = near.get(img);
      const box = clips && visibleBox(img, clips);
      if (box) now.set(img, box);
    }
    places = now;
    if (!isSame(before, now)) {
      dropGuards();
      wake();
    } else if (guards.length === 0) {
      guards = Array.from(now.keys(), (img) => watchPlace(img, wake));
    }
    show(now);
  }

  function dropGuards(): void {
    for (const drop of guards.splice(0)) drop();
  }

  function start(): void {
    if (watching || document.hidden) return;
    watching = new AbortController();
    const options = { capture: true, passive: true, signal: watching.signal };
    // A load and an error of an image are heard only on their way down.
    for (const type of ['scroll', 'resize', 'load', 'error']) window.addEventListener(type, wake, options);
    changes.observe(document, {
      childList: true,
      subtree: true,
      attributeFilter: ['src', 'srcset', 'data-image-cache-error'],
    });
    isListStale = true;
    wake();
  }

  function pause(): void {
    watching?.abort();
    watching = undefined;
    cancelAnimationFrame(frame);
    frame = 0;
    changes.disconnect();
    crossings.disconnect();
    dropGuards();
    near.clear();
  }

  const handleVisibility = (): void => (document.hidden ? pause() : start());
  document.addEventListener('visibilitychange', handleVisibility);
  start();
  return {
    update: wake,
    stop() {
      document.removeEventListener('visibilitychange', handleVisibility);
      pause();
    },
  };
}

function isSame(before: VisibleImages, now: VisibleImages): boolean {
  if (before.size !== now.size) return false;
  return [...now].every(([img, box]) => {
    const last = before.get(img);
    return last && textOf(last) === textOf(box);
  });
}
