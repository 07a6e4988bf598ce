import { type ImageReport, type PageReport, WITH_PICTURE } from './report.ts';

const TEXTS = ['alt', 'aria-label', 'role'];
const TOLD_ELSEWHERE = new Set(['src', 'srcset', ...TEXTS]);

interface Watched {
  readonly img: HTMLImageElement;
  readonly atMount: ImageReport['atMount'];
  decode: ImageReport['decode'];
}

/** Everything an element has been seen to do since the step began. */
interface Seen {
  events: string[];
  frames: string[];
}

const watched = new Map<string, Watched>();
/** Which image of the scene it is that a label shows now. */
const numbers = new Map<string, number | null>();
const seen = new Map<string, Seen>();
let shift = 0;
let lastState = '';
let unchangedSince = 0;

/** Watches an image from the moment in which it is attached. @returns what ends it */
export function watch(label: string, img: HTMLImageElement, isDecoded: boolean): () => void {
  const entry: Watched = {
    img,
    atMount: img.complete ? 'complete' : 'not complete',
    decode: isDecoded ? 'pending' : 'not called',
  };
  watched.set(label, entry);
  if (isDecoded) {
    img.decode().then(
      () => (entry.decode = 'resolved'),
      () => (entry.decode = 'rejected'),
    );
  }
  const note = ({ type }: Event): void => tell(label, `${type} at the image`);
  for (const type of ['load', 'error']) img.addEventListener(type, note);
  return () => {
    for (const type of ['load', 'error']) img.removeEventListener(type, note);
    if (watched.get(label) === entry) watched.delete(label);
  };
}

/** Takes down which image of the scene it is that a label shows from now on. */
export function noteNumber(label: string, n: number | null): void {
  numbers.set(label, n);
}

/** Records which events of an image a listener has received. */
export function tell(label: string, what: string): void {
  seenOf(label).events.push(what);
}

/** The label of the image that an event is about, if it is one that is watched. */
export function labelOf(target: EventTarget | null): string | undefined {
  for (const [label, { img }] of watched) if (img === target) return label;
  return undefined;
}

/** What is seen from now on belongs to the next step, which begins as the last one has ended. */
export function beginStep(): void {
  seen.clear();
  shift = 0;
  noteFrame();
}

export function watchPage(): void {
  for (const type of ['load', 'error']) {
    const hear = ({ target }: Event): void => {
      const label = labelOf(target);
      if (label !== undefined) tell(label, `${type} at the document`);
    };
    document.addEventListener(type, hear, { capture: true });
  }
  if (PerformanceObserver.supportedEntryTypes.includes('layout-shift')) {
    new PerformanceObserver((list) => {
      // Layout Instability API, which TypeScript's DOM does not have.
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) shift += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  }
  requestAnimationFrame(lookAtFrame);
}

/** Runs before each frame is painted. */
function lookAtFrame(): void {
  noteFrame();
  const state = JSON.stringify(report());
  if (state !== lastState) {
    lastState = state;
    unchangedSince = performance.now();
  }
  requestAnimationFrame(lookAtFrame);
}

/** Takes down how the images would be painted now. */
export function noteFrame(): void {
  for (const [label, { img }] of watched) {
    const { width, height } = img.getBoundingClientRect();
    const frame = `${round(width)}×${round(height)}${hasPicture(img) ? WITH_PICTURE : ''}`;
    const { frames } = seenOf(label);
    if (!frames.includes(frame)) frames.push(frame);
  }
}

/** Resolves when nothing has changed for so long, or after a second in which something always did. */
export async function unchangedFor(ms: number): Promise<PageReport> {
  const limit = performance.now() + 1000;
  while (performance.now() - unchangedSince < ms && performance.now() < limit) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  noteFrame();
  return report();
}

/** Resolves when the pictures that there are can be painted at once. */
export async function decoded(): Promise<void> {
  const images = Array.from(watched.values(), ({ img }) => img).filter(hasPicture);
  await Promise.all(images.map((img) => img.decode().catch(() => {})));
}

function report(): PageReport {
  const images = Array.from(watched, ([label, entry]): [string, ImageReport] => [label, reportOf(label, entry)]);
  const loading = Array.from(watched).flatMap(([label, { img }]) => {
    const n = numbers.get(label) ?? null;
    return n !== null && isToLoad(img) ? [n] : [];
  });
  return { images: Object.fromEntries(images), shift, loading };
}

function isToLoad(img: HTMLImageElement): boolean {
  const hasUrl = Boolean(img.getAttribute('src') ?? img.getAttribute('srcset'));
  return hasUrl && !img.complete && (img.loading !== 'lazy' || isOnScreen(img));
}

/** As browsers see it: one without a size that is at the edge is on the screen, too. */
function isOnScreen(img: HTMLImageElement): boolean {
  const { left, top, right, bottom } = img.getBoundingClientRect();
  return img.checkVisibility() && right >= 0 && bottom >= 0 && left <= innerWidth && top <= innerHeight;
}

function reportOf(label: string, { img, atMount, decode }: Watched): ImageReport {
  const labelled = img.getAttribute('aria-label');
  return {
    box: boxOf(img),
    parent: img.parentElement ? boxOf(img.parentElement) : 'none',
    complete: img.complete,
    size: `${img.naturalWidth}×${img.naturalHeight}`,
    // While one is loading, browsers differ in whether there is one already.
    source: img.complete && img.currentSrc !== '' ? 'a picture' : 'none',
    alt: [...TEXTS.map((name) => `${name}=${quote(img.getAttribute(name))}`), img.style.content].join(' '),
    name: labelled ?? img.alt,
    attributes: attributesOf(img),
    atMount,
    decode,
    ...seenOf(label),
  };
}

function attributesOf(img: HTMLImageElement): string {
  // Not a clone of the image, which would load the picture again.
  const { style } = document.createElement('i');
  style.cssText = img.style.cssText;
  style.removeProperty('content'); // told with the texts
  const others = Array.from(img.attributes).filter(({ name }) => name !== 'style' && !TOLD_ELSEWHERE.has(name));
  const pairs = [...others.map(({ name, value }) => [name, value] as const), ['style', style.cssText] as const];
  return pairs
    .filter(([name, value]) => name !== 'style' || value !== '')
    .map(([name, value]) => `${name}=${quote(value)}`)
    .toSorted()
    .join(' ');
}

function seenOf(label: string): Seen {
  let found = seen.get(label);
  if (!found) seen.set(label, (found = { events: [], frames: [] }));
  return found;
}

function boxOf(element: Element): string {
  const { x, y, width, height } = element.getBoundingClientRect();
  return `${round(width)}×${round(height)} at ${round(x)},${round(y)}`;
}

const hasPicture = (img: HTMLImageElement): boolean => img.complete && img.naturalWidth > 0;
const round = (pixels: number): number => Math.round(pixels * 10) / 10;
const quote = (value: string | null): string => (value === null ? 'none' : `"${value}"`);
