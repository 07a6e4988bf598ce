import type { Scene } from '../scene.ts';

/** In development a failed image is marked a moment later, and its title says why. It is not to be seen on the screen here. */
const MARKED = ['attributes'] as const;
const UNMARKED = 'img { outline: none !important }';

/** When there is no picture. */
export const ERRORS: Scene[] = [
  {
    name: 'S3 has no such object',
    images: [{ answer: 404 }],
    css: UNMARKED,
    layout: (Img) => <Img alt="What should be here" retries={0} />,
    steps: ['loaded'],
    // Ours asks S3 itself, too, before it gives up.
    differs: { loaded: ['requests'] },
    unsteady: MARKED,
  },
  {
    name: 'S3 refuses the signature',
    images: [{ answer: 403 }],
    css: UNMARKED,
    layout: (Img) => <Img alt="What should be here" width={200} height={100} retries={0} />,
    steps: ['loaded'],
    unsteady: MARKED,
  },
  {
    name: 'S3 fails',
    images: [{ answer: 500 }],
    css: UNMARKED,
    layout: (Img) => <Img alt="What should be here" retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
    unsteady: MARKED,
  },
  {
    name: 'a page in place of an image',
    images: [{ answer: 200 }],
    css: UNMARKED,
    layout: (Img) => <Img alt="What should be here" retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
    unsteady: MARKED,
  },
  {
    name: 'a file that is cut after its header',
    images: [{ file: 'png-header-only.png' }],
    css: UNMARKED,
    layout: (Img) => <Img alt="What should be here" retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
    unsteady: MARKED,
  },
  {
    name: 'a failed one in a line of text, with a text of its own',
    images: [{ answer: 404 }],
    css: UNMARKED,
    layout: (Img) => (
      <p>
        Text <Img alt="instead of a picture" retries={0} /> and text.
      </p>
    ),
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
    unsteady: MARKED,
  },
  {
    name: 'a failed decorative one, alt=""',
    images: [{ answer: 404 }],
    css: UNMARKED,
    layout: (Img) => <Img alt="" width={100} height={80} retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
    unsteady: MARKED,
  },
  {
    name: 'one of five has failed',
    images: [{}, {}, { answer: 404 }, {}, {}],
    css: UNMARKED,
    layout: (Img) => [0, 1, 2, 3, 4].map((n) => <Img key={n} n={n} width={100} height={70} retries={0} />),
    steps: ['loaded'],
    differs: { loaded: ['requests', 'atMount'] },
    unsteady: MARKED,
  },
  {
    name: 'failed, then another object',
    images: [{ answer: 404 }, {}],
    css: UNMARKED,
    layout: (Img, { step }) => <Img label="it" n={step === 'other' ? 1 : 0} retries={0} />,
    steps: ['loaded', 'other'],
    differs: { loaded: ['requests'], other: ['requests'] },
    unsteady: MARKED,
  },
  {
    name: 'B14: a fallback that succeeds: nobody hears of an error',
    images: [{ answer: 404 }, {}],
    css: UNMARKED,
    layout: (Img, { url, side }) =>
      side === 'plain' ? (
        <Img label="it" n={1} alt="It" width={120} />
      ) : (
        <Img label="it" n={0} alt="It" width={120} fallback={url(1)} retries={0} />
      ),
    steps: ['loaded'],
    differs: { loaded: ['requests', 'frames'] },
    unsteady: MARKED,
  },
  {
    name: 'a fallback that is an element',
    images: [{ answer: 404 }],
    layout: (Img, { side }) =>
      side === 'plain' ? <p>No picture</p> : <Img fallback={<p>No picture</p>} retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
  },
  {
    name: 'B13: offline: onError now, and the text',
    css: UNMARKED,
    layout: (Img, { step }) => (step === 'loaded' ? <p>online</p> : <Img alt="What should be here" />),
    steps: ['loaded', { name: 'offline', isOffline: true }],
    needs: ['offline'],
    unsteady: MARKED,
  },
  {
    name: 'B13: offline with a fallback: it is shown now',
    css: UNMARKED,
    layout: (Img, { step, side }) => {
      if (step === 'loaded') return <p>online</p>;
      const red =
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='50' height='40'%3E%3Crect width='50' height='40' fill='red'/%3E%3C/svg%3E";
      return side === 'plain' ? <Img src={red} alt="It" /> : <Img fallback={red} alt="It" />;
    },
    steps: ['loaded', { name: 'offline', isOffline: true }],
    needs: ['offline'],
    differs: { offline: ['frames'] },
    unsteady: MARKED,
  },
];
