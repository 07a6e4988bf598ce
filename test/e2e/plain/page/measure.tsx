import { flushSync } from 'react-dom';
import type { Root } from 'react-dom/client';
import { imageCache } from 'vite-plugin-image-cache/react';
import { createImage } from './images.tsx';
import type { Side } from './scene.ts';

/** A page of images of one size. */
export interface Album {
  side: Side;
  /** Of the images, in their order. */
  urls: readonly string[];
  /** S3's own URLs for `<img>`s, in place of those that read through our server. */
  isFromS3?: boolean;
  loading?: 'lazy' | 'eager';
  /** As many of the first are in a part that is not displayed. */
  hidden?: number;
  /** Other things that the page does meanwhile: URLs that it looks up, one at a time. */
  lookups?: readonly string[];
  /** Scrolls to the end in so many frames, and then waits for what is on the screen. */
  scrollFrames?: number;
}

export interface Measured {
  /** From when the page was rendered, or its end was reached, until all that is to be seen is decoded. */
  shownMs: number;
  /** Of these, what React took to render all of it, hidden ones included. */
  renderMs: number;
  /** The longest that the page's own requests have taken. */
  fetchMs: number;
  chunkMs: number;
  lookupMs: number;
}

const BETWEEN_REQUESTS_MS = 100;
/** Of a page that has no images to wait for. */
const LEAST_ROUNDS = 10;

/** Renders an album, and takes the time. */
export async function measure(root: Root, album: Album): Promise<Measured> {
  const { side, urls, isFromS3 = false, loading, hidden = 0, lookups, scrollFrames } = album;
  const Img = createImage(side, { urls, newer: urls });
  const show = (n: number) => (
    <Img key={n} n={n} width={100} height={80} isFromS3={isFromS3} {...(loading && { loading })} />
  );
  const numbers = urls.map((_, n) => n);
  let start = performance.now();
  flushSync(() =>
    root.render(
      <>
        <div hidden>{numbers.slice(0, hidden).map(show)}</div>
        <div id="visible">{numbers.slice(hidden).map(show)}</div>
      </>,
    ),
  );
  const renderMs = performance.now() - start;
  let isShown = false;
  const asked = askMeanwhile(lookups ?? [], () => isShown);
  if (scrollFrames !== undefined) {
    await scrollToEnd(scrollFrames);
    start = performance.now();
  }
  const images = [...document.querySelectorAll<HTMLImageElement>('#visible img')].filter(isOnScreen);
  while (!images.every((img) => img.complete && img.naturalWidth > 0)) await new Promise(requestAnimationFrame);
  await Promise.all(images.map((img) => img.decode()));
  const shownMs = performance.now() - start;
  isShown = true;
  return { shownMs, renderMs, ...(await asked) };
}

/** Makes the requests of an app, again and again. @returns the longest time of each kind */
async function askMeanwhile(
  lookups: readonly string[],
  isOver: () => boolean,
): Promise<Omit<Measured, 'shownMs' | 'renderMs'>> {
  const longest = { fetchMs: 0, chunkMs: 0, lookupMs: 0 };
  const time = async (kind: keyof typeof longest, request: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await request();
    longest[kind] = Math.max(longest[kind], performance.now() - start);
  };
  for (const [n, url] of lookups.entries()) {
    if (isOver() && n >= LEAST_ROUNDS) break;
    await Promise.all([
      time('fetchMs', async () => (await fetch(`/own-data?${n}`, { cache: 'no-store' })).text()),
      time('chunkMs', () => import(/* @vite-ignore */ `/own-chunk.js?${n}`)),
      time('lookupMs', () => imageCache.lookup(url)),
    ]);
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_REQUESTS_MS));
  }
  return longest;
}

async function scrollToEnd(frames: number): Promise<void> {
  const step = (document.documentElement.scrollHeight - innerHeight) / frames;
  for (let frame = 0; frame < frames; frame++) {
    scrollBy(0, step);
    await new Promise(requestAnimationFrame);
  }
}

function isOnScreen(img: HTMLImageElement): boolean {
  const { top, bottom } = img.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
