import type { ReactNode } from 'react';
import type { CachedImageProps } from 'vite-plugin-image-cache/react';

/** A plain `<img>`, or ours. */
export type Side = 'plain' | 'ours';

/** The image under test in a layout: an `<img>` on one side, a `<CachedImage>` on the other. Attributes go to both. */
export interface SceneImageProps extends Omit<CachedImageProps, 's3_url' | 'ref'> {
  /** Which of the scene's images it shows; `null` for none. @default 0 */
  n?: number | null;
  /** What it is called in reports, where two of a layout show the same image. @default `n` */
  label?: string;
  /** The same object under a newer signature. An `<img>` keeps its URL. */
  isSignedAnew?: boolean;
  /** S3's own presigned URL for the `<img>`, in place of the one that reads through our server. */
  isFromS3?: boolean;
  /** Has `decode()` called as soon as the element is there. */
  isDecoded?: boolean;
}

interface Moment {
  /** The name of the step that the page is at. */
  step: string;
  side: Side;
  /** The URL of an image, for a `srcSet` or a `<source>`: proxied for the `<img>`, as given for ours. */
  url: (n: number) => string;
  /**
   * A picture in a `data:` URL that no play before has had. One that a browser has shown is complete at once in its next documents,
   * as long as it remembers it.
   */
  drawing: string;
}

type Layout = (Img: (props: SceneImageProps) => ReactNode, moment: Moment) => ReactNode;

/** An object in S3. */
export interface Picture {
  /** @default 240 */
  width?: number;
  /** @default 160 */
  height?: number;
  /** @default 'jpeg' */
  format?: 'jpeg' | 'png' | 'webp';
  /** A file of test/corpus/files in its place. */
  file?: string;
  /** What S3 answers in its place: 403 is a wrong signature, 404 no object, 500 a failure of S3, 200 a page that is no image. */
  answer?: 200 | 403 | 404 | 500;
  /** Whose signature its URLs have. @default SigV4, as S3 has it */
  signedBy?: 'azure' | 'oss';
  /** How long S3 takes from the moment it may send the image. @default 0 */
  delayMs?: number;
}

/** What is compared. A scene names those that may differ at a step; one that is named must differ in Chromium. */
export type Aspect =
  /** `getBoundingClientRect()` of the image. */
  | 'box'
  /** The same of its parent. */
  | 'parent'
  | 'complete'
  /** `naturalWidth` and `naturalHeight`. */
  | 'size'
  /** Whether `currentSrc` of one that is complete is a URL. */
  | 'source'
  /** `alt`, `aria-label`, `role`, and the `content` of its own style: what an image without a `src` has in other ways. */
  | 'alt'
  /** Its accessible name. */
  | 'name'
  /** All other attributes. */
  | 'attributes'
  /** `complete` in the moment in which the element was made. */
  | 'atMount'
  /** Of `decode()` at that moment. */
  | 'decode'
  /** `load` and `error`, as heard by the image, its props, its parent and the document, in their order. */
  | 'events'
  /** In which sizes it was painted during the step, and whether with its picture. Compared: nothing that the `<img>` was never seen in. */
  | 'frames'
  /** How often S3 was asked for each image. */
  | 'requests'
  /** Whether anything was shifted (CLS), in scenes that are still. */
  | 'shift'
  /** A screenshot of the viewport. */
  | 'pixels';

export interface Step {
  /** `loaded` lets S3 send all images. Any name is told to the layout, which is rendered anew. */
  name: string;
  /** Lets S3 send these images only. */
  release?: readonly number[];
  /** The viewport from now on, in pixels. */
  viewport?: readonly [width: number, height: number];
  /** Runs in the page, after it was rendered. */
  run?: () => void | Promise<void>;
  /** The page is loaded anew. */
  reload?: true;
  isOffline?: boolean;
  /** What a browser calls media features; Chromium and Firefox only. */
  media?: { media?: 'print' | 'screen'; colorScheme?: 'dark' | 'light'; reducedMotion?: 'reduce' | 'no-preference' };
}

/** What may differ at which step; `*` is for any. */
export type Differing = Readonly<Record<string, readonly Aspect[]>>;

/** What is other in one browser. */
interface Exception {
  /** The reason, and what the browser does. What an app sees of it is in docs/react.md, too. */
  why: string;
  /** What may differ there besides, and must. */
  differs?: Differing;
  /** What two `<img>`s may differ in there, too. */
  unsteady?: readonly Aspect[];
}

export interface Scene {
  name: string;
  layout: Layout;
  css?: string;
  /** How many there are, or which. @default 1 */
  images?: number | readonly Picture[];
  /**
   * At each of these the two are compared. If the first one is `pending`, S3 keeps all images back until `loaded`.
   * @default ['pending', 'loaded']
   */
  steps?: readonly (string | Step)[];
  differs?: Differing;
  /** Where a browser is other than Chromium. */
  except?: Readonly<Partial<Record<'firefox' | 'webkit', Exception>>>;
  /** Lazy ones off the screen: whether they are loaded ahead is up to the browser, and to us. Only their boxes are compared. */
  ahead?: readonly number[];
  /** What two `<img>`s may differ in, too, because it is a race. */
  unsteady?: readonly Aspect[];
  /** The page gives every size: nothing may be shifted, wherever a browser tells it. */
  isStill?: true;
  /** @default [800, 600] */
  viewport?: readonly [width: number, height: number];
  /** What a browser must be able to do for it. */
  needs?: readonly ('offline' | 'media')[];
}

/** It had no `src` in the moment when it was made: more than three, of which the page did not know that they are cached. */
export const WAITED: Differing = { '*': ['atMount'] };

/** The same, of lazy ones that are hidden or far away: as long as no element is near, its image is not wanted. */
export const FAR: Differing = { ...WAITED, loaded: ['complete', 'alt'] };

/** The same, seen while those from the fourth on wait without a `src`: see docs/react.md. */
export const WAITING: Differing = {
  ...WAITED,
  pending: ['complete', 'alt'],
};

/** How those look elsewhere while they wait. */
export const WAITING_ELSEWHERE = {
  firefox: {
    why: 'Firefox draws the text of an <img> that is loading into its box; one without a src has none there.',
    differs: { pending: ['pixels'] },
  },
  webkit: {
    why: 'WebKit draws a grey frame around an <img> without a src.',
    differs: { pending: ['pixels'] },
  },
} as const satisfies Scene['except'];

export const RELOADED: Step = { name: 'reloaded', reload: true };

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

export function toSteps({ steps = ['pending', 'loaded'] }: Scene): Step[] {
  return steps.map((step) => (typeof step === 'string' ? { name: step } : step));
}

export function toPictures({ images = 1 }: Scene): readonly Picture[] {
  return typeof images === 'number' ? Array.from({ length: images }, () => ({})) : images;
}
