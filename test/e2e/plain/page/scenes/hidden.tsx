import type { ReactNode } from 'react';
import { FAR, range, type Scene, type SceneImageProps, WAITED, WAITING, WAITING_ELSEWHERE } from '../scene.ts';

type Image = (props: SceneImageProps) => ReactNode;

/** `count` images, from number `first` on. */
const many = (Img: Image, first: number, count: number, props: SceneImageProps = {}): ReactNode[] =>
  Array.from({ length: count }, (_, at) => <Img key={at} n={first + at} {...props} />);

const SHELF = '.shelf { display: flex; overflow-x: auto } .shelf img { flex: none }';
const SMALL = '.small img { width: 120px; height: 80px }';

/** What is hidden keeps nothing that is visible waiting, and is there when it is shown. */
export const HIDDEN: Scene[] = [
  {
    name: 'B1: five lazy ones in <div hidden>, then four visible ones',
    images: 9,
    css: SMALL,
    layout: (Img) => (
      <div className="small">
        <div hidden>{many(Img, 0, 5, { loading: 'lazy' })}</div>
        {many(Img, 5, 4)}
      </div>
    ),
    steps: ['loaded'],
    differs: FAR,
  },
  {
    name: 'B1: the same with lazy visible ones',
    images: 9,
    css: SMALL,
    layout: (Img) => (
      <div className="small">
        <div hidden>{many(Img, 0, 5, { loading: 'lazy' })}</div>
        {many(Img, 5, 4, { loading: 'lazy' })}
      </div>
    ),
    steps: ['loaded'],
    differs: FAR,
  },
  {
    name: 'B1: hidden ones are there when they are shown',
    images: 9,
    css: SMALL,
    layout: (Img, { step }) => (
      <div className="small">
        <div hidden={step === 'loaded'}>{many(Img, 0, 5, { loading: 'lazy' })}</div>
        {many(Img, 5, 4)}
      </div>
    ),
    steps: ['loaded', 'shown'],
    differs: FAR,
  },
  {
    name: 'B2: a closed <details> of lazy ones above four, then opened',
    images: 9,
    css: SMALL,
    layout: (Img, { step }) => (
      <div className="small">
        <details open={step === 'opened'}>
          <summary>More</summary>
          {many(Img, 0, 5, { loading: 'lazy' })}
        </details>
        {many(Img, 5, 4, { loading: 'lazy' })}
      </div>
    ),
    steps: ['loaded', 'opened'],
    differs: FAR,
  },
  {
    name: 'B2: a shelf that scrolls sideways, 30 posters, above a row of four',
    images: 34,
    css: `${SHELF} ${SMALL}`,
    layout: (Img) => (
      <div className="small">
        <div className="shelf">{many(Img, 0, 30, { loading: 'lazy', width: 200, height: 300 })}</div>
        {many(Img, 30, 4, { loading: 'lazy' })}
      </div>
    ),
    steps: ['loaded'],
    ahead: range(3, 29),
    differs: WAITED,
  },
  {
    name: 'B2: the same with 20 posters on a phone',
    images: 24,
    viewport: [390, 700],
    css: `${SHELF} .row img { width: 90px; height: 60px }`,
    layout: (Img) => (
      <>
        <div className="shelf">{many(Img, 0, 20, { loading: 'lazy', width: 150, height: 220 })}</div>
        <div className="row">{many(Img, 20, 4, { loading: 'lazy' })}</div>
      </>
    ),
    steps: ['loaded'],
    ahead: range(2, 19),
    differs: WAITED,
  },
  {
    name: 'a shelf that is scrolled sideways to its end',
    images: 20,
    css: SHELF,
    layout: (Img) => <div className="shelf">{many(Img, 0, 20, { loading: 'lazy', width: 200, height: 300 })}</div>,
    steps: ['loaded', { name: 'at its end', run: () => document.querySelector('.shelf')?.scrollTo(4000, 0) }],
    ahead: range(4, 16),
    differs: FAR,
  },
  {
    name: 'B2: a dialog below a grid, in a very tall window, then opened',
    images: 9,
    viewport: [800, 2400],
    css: '.grid img { width: 240px; height: 400px }',
    layout: (Img, { step }) => (
      <>
        <div className="grid">{many(Img, 0, 5, { loading: 'lazy' })}</div>
        <dialog open={step === 'opened'}>{many(Img, 5, 4, { loading: 'lazy', width: 100, height: 80 })}</dialog>
      </>
    ),
    steps: ['loaded', 'opened'],
    differs: FAR,
  },
  {
    name: 'a modal dialog with its pictures',
    images: 2,
    layout: (Img) => (
      <>
        <Img n={0} width={100} />
        <dialog>
          <Img n={1} loading="lazy" width={100} />
        </dialog>
      </>
    ),
    steps: ['loaded', { name: 'opened', run: () => document.querySelector('dialog')?.showModal() }],
  },
  {
    name: 'B3: a tab of 20 that is not displayed, before four visible ones',
    images: 24,
    css: SMALL,
    layout: (Img) => (
      <div className="small">
        <div style={{ display: 'none' }}>{many(Img, 0, 20, { loading: 'lazy' })}</div>
        {many(Img, 20, 4)}
      </div>
    ),
    steps: ['loaded'],
    differs: FAR,
  },
  {
    name: 'B3: the same with eager ones: a browser loads those, too',
    images: 24,
    css: SMALL,
    layout: (Img) => (
      <div className="small">
        <div style={{ display: 'none' }}>{many(Img, 0, 20)}</div>
        {many(Img, 20, 4)}
      </div>
    ),
    steps: ['loaded'],
    differs: WAITED,
    // A hidden one that asks by itself may have to leave its place to a visible one, and is fetched anew if it was on its way.
    unsteady: ['requests'],
  },
  {
    name: 'B3: 500 hidden lazy ones, before ten visible ones: they are never asked for, and keep nothing waiting',
    images: 510,
    css: SMALL,
    layout: (Img) => (
      <div className="small">
        <div hidden>{many(Img, 0, 500, { loading: 'lazy' })}</div>
        {many(Img, 500, 10)}
      </div>
    ),
    steps: ['loaded'],
    differs: FAR,
  },
  {
    name: 'a popover, closed and open',
    images: 2,
    layout: (Img) => (
      <>
        <Img n={0} width={100} />
        <div popover="auto" id="pop">
          <Img n={1} loading="lazy" width={100} />
        </div>
      </>
    ),
    steps: ['loaded', { name: 'opened', run: () => document.querySelector<HTMLElement>('#pop')?.showPopover() }],
  },
  {
    name: 'content-visibility: hidden, and shown later',
    images: 6,
    css: SMALL,
    layout: (Img, { step }) => (
      <div className="small">
        <div style={{ contentVisibility: step === 'loaded' ? 'hidden' : 'visible' }}>
          {many(Img, 0, 2, { loading: 'lazy' })}
        </div>
        {many(Img, 2, 4, { loading: 'lazy' })}
      </div>
    ),
    steps: ['loaded', 'shown'],
    differs: FAR,
  },
  {
    name: 'content-visibility: auto, far below, then scrolled to',
    images: 2,
    css: '.far { margin-top: 9000px; content-visibility: auto; contain-intrinsic-size: 300px }',
    layout: (Img) => (
      <>
        <Img n={0} width={100} />
        <div className="far">
          <Img n={1} loading="lazy" width={100} height={70} />
        </div>
      </>
    ),
    steps: ['loaded', { name: 'scrolled', run: () => document.querySelector('.far')?.scrollIntoView() }],
  },
  {
    name: 'visibility: hidden and opacity: 0',
    images: 3,
    layout: (Img) => (
      <>
        <Img n={0} width={100} style={{ visibility: 'hidden' }} />
        <Img n={1} width={100} style={{ opacity: 0 }} />
        <Img n={2} width={100} />
      </>
    ),
  },
  {
    name: 'an accordion of height 0',
    images: 5,
    css: `.fold { height: 0; overflow: hidden } .open { height: 90px } ${SMALL}`,
    layout: (Img, { step }) => (
      <div className="small">
        <div className={step === 'opened' ? 'fold open' : 'fold'}>
          <Img n={0} loading="lazy" />
        </div>
        {many(Img, 1, 4, { loading: 'lazy' })}
      </div>
    ),
    steps: ['loaded', 'opened'],
    differs: WAITED,
  },
  {
    name: 'display toggled off and on',
    layout: (Img, { step }) => <Img width={100} style={{ display: step === 'off' ? 'none' : 'block' }} />,
    steps: ['pending', 'loaded', 'off', 'on'],
  },
  {
    name: 'toggled while it is on its way',
    layout: (Img, { step }) => (
      <div hidden={step === 'off'}>
        <Img width={100} />
      </div>
    ),
    steps: ['pending', 'off', 'loaded'],
  },
  {
    name: 'lazy, far below: not asked for until it is scrolled to',
    images: 2,
    css: '.gap { height: 20000px }',
    layout: (Img) => (
      <>
        <Img n={0} loading="lazy" width={120} height={80} />
        <div className="gap" />
        <Img n={1} loading="lazy" width={120} height={80} />
      </>
    ),
    steps: ['loaded', { name: 'scrolled', run: () => scrollTo(0, 30_000) }],
  },
  {
    name: 'lazy, far below in a box that scrolls',
    images: 2,
    css: '.scroller { height: 300px; overflow: auto } .gap { height: 20000px }',
    layout: (Img) => (
      <div className="scroller">
        <Img n={0} loading="lazy" width={120} height={80} />
        <div className="gap" />
        <Img n={1} loading="lazy" width={120} height={80} />
      </div>
    ),
    steps: ['loaded', { name: 'scrolled', run: () => document.querySelector('.scroller')?.scrollTo(0, 30_000) }],
  },
  {
    name: 'a carousel that snaps',
    images: 5,
    css: '.reel { display: flex; overflow-x: scroll; scroll-snap-type: x mandatory; width: 300px } .reel img { flex: none; width: 300px; height: 200px; scroll-snap-align: start }',
    layout: (Img) => <div className="reel">{many(Img, 0, 5)}</div>,
    steps: ['loaded', { name: 'at the third', run: () => document.querySelector('.reel')?.scrollTo(600, 0) }],
    differs: WAITED,
  },
  {
    name: 'a header that sticks, pictures under it',
    images: 3,
    css: 'header { position: sticky; top: 0; height: 60px; background: white } .pic { display: block; height: 400px }',
    layout: (Img) => (
      <>
        <header>
          <Img n={0} height={50} />
        </header>
        <Img n={1} className="pic" />
        <Img n={2} className="pic" loading="lazy" />
      </>
    ),
    steps: ['loaded', { name: 'scrolled', run: () => scrollTo(0, 300) }],
  },
  {
    name: 'WAITS: four that are not cached: the fourth waits without a src',
    images: 4,
    css: SMALL,
    layout: (Img) => <div className="small">{many(Img, 0, 4)}</div>,
    differs: WAITING,
    except: WAITING_ELSEWHERE,
  },
];
