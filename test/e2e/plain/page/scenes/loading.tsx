import { Fragment } from 'react';
import { RELOADED, type Scene, WAITED, WAITING, WAITING_ELSEWHERE } from '../scene.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
/** S3 takes its time. */
const slow = (count: number) => numbers(count).map(() => ({ delayMs: 100 }));

/** Of a `srcset`, Firefox and WebKit. */
const CHOSEN_LATER = {
  why: 'It chooses one of the candidates of a srcset a moment after the element was made, as with an <img>.',
  differs: { again: ['atMount'] },
} as const;

/** When and what a browser loads, and what an image says of itself meanwhile. */
export const LOADING: Scene[] = [
  { name: 'loading="eager"', layout: (Img) => <Img loading="eager" width={120} /> },
  { name: 'loading="lazy" on the screen', layout: (Img) => <Img loading="lazy" width={120} height={80} /> },
  { name: 'loading="lazy" without a size', layout: (Img) => <Img loading="lazy" /> },
  { name: 'fetchPriority="high"', layout: (Img) => <Img fetchPriority="high" width={120} /> },
  { name: 'fetchPriority="low"', layout: (Img) => <Img fetchPriority="low" width={120} /> },
  {
    name: 'decoding="sync" and "async"',
    images: 2,
    layout: (Img) => (
      <>
        <Img n={0} decoding="sync" width={120} />
        <Img n={1} decoding="async" width={120} />
      </>
    ),
  },
  {
    name: 'from lazy to eager, far below',
    css: '.gap { height: 20000px }',
    layout: (Img, { step }) => (
      <>
        <div className="gap" />
        <Img loading={step === 'eager' ? 'eager' : 'lazy'} width={120} height={80} />
      </>
    ),
    steps: ['loaded', 'eager'],
  },
  {
    name: 'B7: complete and decode() at mount',
    layout: (Img) => <Img width={120} isDecoded />,
  },
  {
    name: 'B7: the same of three',
    images: 3,
    layout: (Img) => numbers(3).map((n) => <Img key={n} n={n} width={120} isDecoded />),
  },
  {
    name: 'B7: decode() of a cached one',
    layout: (Img) => <Img width={120} isDecoded />,
    steps: ['loaded', RELOADED],
  },
  {
    name: 'B5: 25, with sizes by CSS',
    isStill: true,
    images: slow(25),
    css: 'img { width: 100px; height: 80px }',
    layout: (Img) => numbers(25).map((n) => <Img key={n} n={n} alt={`A picture of something, number ${n}`} />),
    differs: { ...WAITED, pending: ['complete', 'alt', 'requests'] },
    except: WAITING_ELSEWHERE,
  },
  {
    name: 'B5: inline ones that have sizes by attributes, in text',
    images: slow(8),
    layout: (Img) => (
      <p>
        {numbers(8).map((n) => (
          <Fragment key={n}>
            text <Img n={n} width={110} height={75} alt="A picture of something with a long text" />
          </Fragment>
        ))}
      </p>
    ),
    differs: { ...WAITED, pending: ['complete', 'alt', 'requests'] },
    except: WAITING_ELSEWHERE,
  },
  {
    name: 'B5: inline ones without any size',
    images: slow(8),
    layout: (Img) => (
      <p>
        {numbers(8).map((n) => (
          <Fragment key={n}>
            text <Img n={n} alt="A picture of something with a long text" />
          </Fragment>
        ))}
      </p>
    ),
    // In which order they come is S3's affair, and decides what moves.
    differs: { ...WAITED, pending: ['complete', 'alt', 'requests'] },
  },
  {
    name: 'B5: decorative ones, alt=""',
    isStill: true,
    images: slow(8),
    css: 'img { width: 100px; height: 80px }',
    layout: (Img) => numbers(8).map((n) => <Img key={n} n={n} alt="" />),
    differs: { ...WAITED, pending: ['complete', 'alt', 'requests'] },
    except: { webkit: WAITING_ELSEWHERE.webkit },
  },
  {
    name: 'B5: without alt',
    images: slow(5),
    css: 'img { width: 100px; height: 80px }',
    layout: (Img) => numbers(5).map((n) => <Img key={n} n={n} alt={undefined} />),
    differs: WAITING,
    except: { webkit: WAITING_ELSEWHERE.webkit },
  },
  {
    name: 'B6: a reload of 25 that are cached, sized by CSS',
    isStill: true,
    images: 25,
    css: 'img { width: 100px; height: 80px }',
    layout: (Img) => numbers(25).map((n) => <Img key={n} n={n} alt={`A picture of something, number ${n}`} />),
    steps: ['loaded', RELOADED],
    differs: WAITED,
  },
  {
    name: 'B6: a reload of 25 that are cached, as large as they are',
    images: numbers(25).map(() => ({ width: 90, height: 60 })),
    layout: (Img) => numbers(25).map((n) => <Img key={n} n={n} alt={`A picture of something, number ${n}`} />),
    steps: ['loaded', RELOADED],
    differs: WAITED,
  },
  {
    name: '60, with sizes by CSS',
    isStill: true,
    images: slow(60),
    css: 'img { width: 70px; height: 50px }',
    layout: (Img) => numbers(60).map((n) => <Img key={n} n={n} />),
    differs: { ...WAITED, pending: ['complete', 'alt', 'requests'] },
    except: WAITING_ELSEWHERE,
  },
  {
    name: 'a blur placeholder keeps the box, and goes',
    css: 'img { width: 200px; height: 120px }',
    layout: (Img) => <Img placeholder="blur" thumbhash="1QcSHQRnh493V4dIh4eXh1h4kJUI" />,
    differs: { pending: ['pixels', 'attributes'] },
  },
  {
    name: 'a blur placeholder without a size',
    layout: (Img) => <Img placeholder="blur" thumbhash="1QcSHQRnh493V4dIh4eXh1h4kJUI" />,
    differs: { pending: ['attributes'] },
  },
  {
    name: 'B15: mounted again while it is on its way',
    layout: (Img, { step }) => <Img key={step === 'again' ? 'again' : 'first'} width={120} />,
    steps: ['pending', 'again', 'loaded'],
  },
  {
    name: 'B15: mounted again when it is loaded',
    layout: (Img, { step }) => <Img key={step} width={120} isDecoded />,
    steps: ['loaded', 'again', 'once more'],
  },
  {
    name: 'B15: taken away and mounted again',
    layout: (Img, { step }) => (step === 'away' ? <p>nothing</p> : <Img width={120} />),
    steps: ['pending', 'loaded', 'away', 'back'],
  },
  {
    name: 'B15: five taken away while they are on their way, and mounted again',
    images: 5,
    layout: (Img, { step }) =>
      step === 'away' ? <p>nothing</p> : numbers(5).map((n) => <Img key={n} n={n} width={120} height={80} />),
    steps: ['pending', 'away', 'loaded'],
    // An image that is no longer wanted is dropped while it is being fetched, and fetched again later.
    differs: { ...WAITING, loaded: ['requests'] },
    except: WAITING_ELSEWHERE,
  },
  {
    name: 'the same object twice',
    layout: (Img) => (
      <>
        <Img label="left" width={120} />
        <Img label="right" width={60} />
      </>
    ),
  },
  {
    name: 'srcSet with widths and sizes',
    images: [{ width: 400, height: 300 }, { width: 800, height: 600 }, {}],
    layout: (Img, { url }) => (
      <Img n={2} srcSet={`${url(0)} 400w, ${url(1)} 800w`} sizes="(max-width: 600px) 100vw, 700px" />
    ),
  },
  {
    name: 'srcSet, and a viewport in which another one fits',
    images: [{ width: 400, height: 300 }, { width: 800, height: 600 }, {}],
    viewport: [380, 600],
    layout: (Img, { url }) => <Img n={2} srcSet={`${url(0)} 400w, ${url(1)} 800w`} sizes="100vw" />,
    steps: ['pending', 'loaded', { name: 'wider', viewport: [800, 600] }],
  },
  {
    name: 'srcSet with densities',
    images: [
      { width: 200, height: 150 },
      { width: 400, height: 300 },
    ],
    layout: (Img, { url }) => <Img n={0} srcSet={`${url(0)} 1x, ${url(1)} 2x`} />,
    steps: ['loaded', RELOADED],
  },
  {
    name: 'B12: widths of a picture that is too long for a variant',
    images: [{ width: 1000, height: 20_000 }],
    css: 'img { width: 100px; height: 300px }',
    layout: (Img, { step }) => <Img key={step} widths={[384]} sizes="100px" />,
    steps: ['loaded', RELOADED, 'again'],
    // By `sizes` and the width that the app gives, as that of an <img> with a srcset.
    differs: { loaded: ['size'], reloaded: ['size'], again: ['size'] },
    except: { firefox: CHOSEN_LATER, webkit: CHOSEN_LATER },
  },
  {
    name: 'a <picture> whose sources have media',
    images: [{ width: 300, height: 300 }, {}],
    layout: (Img, { url }) => (
      <picture>
        <source srcSet={url(0)} media="(max-width: 600px)" />
        <Img n={1} />
      </picture>
    ),
    steps: ['loaded', { name: 'narrow', viewport: [400, 600] }],
  },
  {
    name: 'S3 itself for the <img>: what is seen is the same',
    images: 2,
    layout: (Img) => numbers(2).map((n) => <Img key={n} n={n} isFromS3 />),
    steps: ['pending', 'loaded', RELOADED],
    // An <img> asks S3 again, or asks its browser's cache.
    differs: { reloaded: ['requests'] },
  },
];
