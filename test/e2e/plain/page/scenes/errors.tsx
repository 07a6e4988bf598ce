import type { Scene } from '../scene.ts';

/**
 * Chromium draws the text from when a source has failed, and tells of it a little later, so that there may be a frame in between. From
 * then on there is none: see `CachedImage.test.tsx`.
 */
const BETWEEN = ['frames'] as const;

/** When there is no picture. */
export const ERRORS: Scene[] = [
  {
    name: 'S3 has no such object',
    images: [{ answer: 404 }],
    layout: (Img) => <Img alt="What should be here" retries={0} />,
    steps: ['loaded'],
    // Ours asks S3 itself, too, before it gives up.
    differs: { loaded: ['requests'] },
  },
  {
    name: 'S3 refuses the signature',
    images: [{ answer: 403 }],
    layout: (Img) => <Img alt="What should be here" width={200} height={100} retries={0} />,
    steps: ['loaded'],
  },
  {
    name: 'S3 fails',
    images: [{ answer: 500 }],
    layout: (Img) => <Img alt="What should be here" retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
  },
  {
    name: 'a page in place of an image',
    images: [{ answer: 200 }],
    layout: (Img) => <Img alt="What should be here" retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
  },
  {
    name: 'a file that is cut after its header',
    images: [{ file: 'png-header-only.png' }],
    layout: (Img) => <Img alt="What should be here" retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
  },
  {
    name: 'a failed one in a line of text, with a text of its own',
    images: [{ answer: 404 }],
    layout: (Img) => (
      <p>
        Text <Img alt="instead of a picture" retries={0} /> and text.
      </p>
    ),
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
  },
  {
    name: 'a failed decorative one, alt=""',
    images: [{ answer: 404 }],
    layout: (Img) => <Img alt="" width={100} height={80} retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
  },
  {
    name: 'one of five has failed',
    images: [{}, {}, { answer: 404 }, {}, {}],
    layout: (Img) => [0, 1, 2, 3, 4].map((n) => <Img key={n} n={n} width={100} height={70} retries={0} />),
    steps: ['loaded'],
    differs: { loaded: ['requests', 'atMount'] },
  },
  {
    name: 'failed, then another object',
    images: [{ answer: 404 }, {}],
    layout: (Img, { step }) => <Img label="it" n={step === 'other' ? 1 : 0} retries={0} />,
    steps: ['loaded', 'other'],
    differs: { loaded: ['requests'], other: ['requests'] },
    except: {
      firefox: {
        why: 'Firefox shows the icon of a broken image while an <img> that has failed loads another object; ours is blank.',
        differs: { other: ['frames'] },
      },
    },
  },
  {
    name: 'B14: a fallback that succeeds: no error is reported',
    images: [{ answer: 404 }, {}],
    layout: (Img, { url, side }) =>
      side === 'plain' ? (
        <Img label="it" n={1} alt="It" width={120} />
      ) : (
        <Img label="it" n={0} alt="It" width={120} fallback={url(1)} retries={0} />
      ),
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
    unsteady: BETWEEN,
  },
  {
    name: 'B14: an image that the cache refuses and S3 shows: no error is reported',
    images: [{ file: 'svg-pixels.svg' }],
    layout: (Img) => <Img isFromS3 retries={0} />,
    steps: ['loaded'],
    differs: { loaded: ['requests'] },
    unsteady: BETWEEN,
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
    layout: (Img, { step }) => (step === 'loaded' ? <p>online</p> : <Img alt="What should be here" />),
    steps: ['loaded', { name: 'offline', isOffline: true }],
    needs: ['offline'],
  },
  {
    name: 'B13: offline with a fallback: it is shown now',
    layout: (Img, { step, side, drawing }) => {
      if (step === 'loaded') return <p>online</p>;
      return side === 'plain' ? <Img src={drawing} alt="It" /> : <Img fallback={drawing} alt="It" />;
    },
    steps: ['loaded', { name: 'offline', isOffline: true }],
    needs: ['offline'],
    unsteady: BETWEEN,
  },
];
