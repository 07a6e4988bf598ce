import { RELOADED, type Scene, WAITING, WAITING_ELSEWHERE } from '../scene.ts';

const file = (name: string): Scene => ({
  name: `B19: the natural size of ${name}`,
  images: [{ file: name }],
  layout: (Img) => <Img style={{ maxWidth: 300 }} />,
  steps: ['loaded', RELOADED],
});

const NOT_DECODED: Scene['except'] = {
  firefox: {
    why: 'Firefox does not decode this file, so ours asks S3 itself, too, before it gives up.',
    differs: { '*': ['requests'] },
  },
};

/** Media features, attributes that are only passed on, and files whose size is told otherwise than it is shown. */
export const MEDIA: Scene[] = [
  {
    name: 'dark mode',
    css: '@media (prefers-color-scheme: dark) { body { background: #222 } .pic { filter: brightness(0.5); width: 50px } }',
    layout: (Img) => <Img className="pic" />,
    steps: ['loaded', { name: 'dark', media: { colorScheme: 'dark' } }],
    needs: ['media'],
  },
  {
    name: 'reduced motion',
    css: '.pic { animation: grow 1ms both } @keyframes grow { to { width: 300px } } @media (prefers-reduced-motion) { .pic { animation: none; width: 80px } }',
    layout: (Img) => <Img className="pic" />,
    steps: [{ name: 'loaded', media: { reducedMotion: 'reduce' } }],
    needs: ['media'],
  },
  {
    name: 'styles for print',
    css: '@media print { .pic { width: 100%; height: auto } }',
    layout: (Img) => <Img className="pic" width={120} height={80} />,
    steps: ['loaded', RELOADED, { name: 'printed', media: { media: 'print' } }],
    needs: ['media'],
  },
  {
    name: 'id, role, tabIndex, data-*, aria-*, lang, draggable, title',
    layout: (Img) => (
      <Img
        id="it"
        role="presentation"
        tabIndex={0}
        data-number="7"
        aria-describedby="text"
        lang="de"
        draggable={false}
        title="A title"
        width={120}
      />
    ),
  },
  {
    name: 'an aria-label of its own, while it waits and later',
    images: 4,
    layout: (Img) =>
      [0, 1, 2, 3].map((n) => <Img key={n} n={n} alt="By alt" aria-label="By label" width={90} height={60} />),
    differs: WAITING,
    except: WAITING_ELSEWHERE,
  },
  {
    name: 'dragged',
    layout: (Img) => (
      <Img width={120} draggable onDragStart={({ currentTarget }) => (currentTarget.title = 'dragged')} />
    ),
    steps: [
      'loaded',
      {
        name: 'dragged',
        run: () => void document.querySelector('img')?.dispatchEvent(new DragEvent('dragstart', { bubbles: true })),
      },
    ],
  },
  {
    name: 'an image map',
    layout: (Img) => (
      <>
        <map name="parts">
          <area shape="rect" coords="0,0,50,50" href="#one" alt="One" />
        </map>
        <Img useMap="#parts" />
      </>
    ),
  },
  {
    name: 'a PNG and a WebP',
    images: [{ format: 'png' }, { format: 'webp' }],
    layout: (Img) => [0, 1].map((n) => <Img key={n} n={n} />),
    steps: ['loaded', RELOADED],
  },
  {
    name: 'one pixel, drawn large and sharp',
    images: [{ width: 1, height: 1 }],
    css: '.pic { width: 50px; height: 50px; image-rendering: pixelated }',
    layout: (Img) => <Img className="pic" />,
  },
  {
    name: 'a JPEG that says how it is turned, and image-orientation: none',
    images: [{ file: 'jpeg-turned.jpg' }],
    layout: (Img) => [
      <Img key="a" label="turned" />,
      <Img key="b" label="not turned" style={{ imageOrientation: 'none' }} />,
    ],
    steps: ['loaded', RELOADED],
  },
  { ...file('webp-turned.webp'), name: 'B18: a WebP that says how it is turned, which browsers ignore' },
  file('avif-turned.avif'),
  { ...file('avif-turned-first.avif'), except: NOT_DECODED },
  { ...file('avif-clean-aperture.avif'), except: NOT_DECODED },
  file('gif-frame-larger-than-screen.gif'),
  file('gif-frame-beyond-screen.gif'),
  file('png-turned-behind-pixels.png'),
  file('png-turned.png'),
  file('bmp.bmp'),
  file('ico.ico'),
];
