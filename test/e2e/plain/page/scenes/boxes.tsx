import { RELOADED, type Scene } from '../scene.ts';

/** Sizes that the page gives, or does not. */
export const BOXES: Scene[] = [
  {
    name: 'B8: max-width: 100% in a column that becomes narrower',
    images: [{ width: 800, height: 600 }],
    css: 'img { max-width: 100% }',
    viewport: [1000, 800],
    layout: (Img, { step }) => (
      <div style={{ width: step === 'narrower' ? 300 : 900 }}>
        <Img />
      </div>
    ),
    steps: ['pending', 'loaded', 'narrower'],
  },
  {
    name: 'B8: the same of one that is cached',
    images: [{ width: 800, height: 600 }],
    css: 'img { max-width: 100% }',
    viewport: [1000, 800],
    layout: (Img, { step }) => (
      <div style={{ width: step === 'narrower' ? 300 : 900 }}>
        <Img />
      </div>
    ),
    steps: ['loaded', RELOADED, 'narrower'],
  },
  {
    name: 'B9: a media query, and a viewport that becomes narrower',
    images: [{ width: 600, height: 450 }],
    css: '@media (max-width: 600px) { .pic { width: 100% } }',
    viewport: [1280, 600],
    layout: (Img) => <Img className="pic" />,
    steps: ['loaded', RELOADED, { name: 'narrower', viewport: [400, 600] }],
  },
  {
    name: 'B10: a height by CSS, in a tab that is hidden first',
    css: '.pic { height: 200px }',
    layout: (Img, { step }) => (
      <div hidden={step !== 'shown'}>
        <Img className="pic" />
      </div>
    ),
    steps: ['pending', 'loaded', 'shown'],
  },
  {
    name: 'B10: the same of one that is cached',
    css: '.pic { height: 200px }',
    layout: (Img, { step }) => (
      <div hidden={step !== 'shown'}>
        <Img className="pic" />
      </div>
    ),
    steps: ['loaded', RELOADED, 'shown'],
  },
  {
    name: 'B11: a flex row of a height of its own',
    css: '.row { display: flex; height: 50px } .row img { height: 100% }',
    layout: (Img) => (
      <div className="row">
        <Img />
        <span>beside</span>
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'B11: aspect-ratio: 1',
    css: '.pic { width: 240px; aspect-ratio: 1 }',
    layout: (Img) => <Img className="pic" />,
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'aspect-ratio with object-fit: cover',
    css: '.pic { width: 300px; aspect-ratio: 16 / 9; object-fit: cover }',
    layout: (Img) => <Img className="pic" />,
  },
  {
    name: 'object-fit: contain in a box of its own',
    css: '.pic { width: 200px; height: 200px; object-fit: contain; background: #ddd }',
    layout: (Img) => <Img className="pic" />,
  },
  {
    name: 'object-fit: none with object-position',
    css: '.pic { width: 100px; height: 100px; object-fit: none; object-position: 10px 20px }',
    layout: (Img) => <Img className="pic" />,
  },
  {
    name: 'no size at all, a paragraph below',
    layout: (Img) => (
      <>
        <Img />
        <p>Below the picture.</p>
      </>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'width: 100% and height: auto',
    css: '.pic { width: 100%; height: auto }',
    layout: (Img) => <Img className="pic" />,
    steps: ['pending', 'loaded', RELOADED, { name: 'narrower', viewport: [400, 600] }],
  },
  {
    name: 'width and height as attributes',
    layout: (Img) => <Img width={120} height={80} />,
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'attributes, and CSS that makes the height follow',
    css: 'img { max-width: 100%; height: auto }',
    layout: (Img, { step }) => (
      <div style={{ width: step === 'narrower' ? 100 : 500 }}>
        <Img width={480} height={320} />
      </div>
    ),
    steps: ['pending', 'loaded', 'narrower'],
  },
  {
    name: 'only a width',
    layout: (Img) => <Img width={100} />,
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'only a height',
    layout: (Img) => <Img height={100} />,
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'attributes of another ratio than the picture',
    layout: (Img) => <Img width={200} height={200} style={{ height: 'auto' }} />,
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'attributes in per cent and as text',
    layout: (Img) => <Img width="50%" height="90" />,
  },
  {
    name: 'percent heights in a parent that has one',
    css: '.box { height: 300px } .pic { height: 50% }',
    layout: (Img) => (
      <div className="box">
        <Img className="pic" />
      </div>
    ),
    steps: ['loaded', RELOADED],
  },
  {
    name: 'percent heights in a parent that has none',
    css: '.pic { height: 50% }',
    layout: (Img) => (
      <div>
        <Img className="pic" />
      </div>
    ),
    steps: ['loaded', RELOADED],
  },
  {
    name: 'max-height with a viewport unit',
    css: '.pic { max-height: 20vh; max-width: 50vw }',
    layout: (Img) => <Img className="pic" />,
    steps: ['loaded', RELOADED, { name: 'lower', viewport: [300, 300] }],
  },
  {
    name: 'sizes in em and by calc()',
    css: '.box { font-size: 20px } .pic { width: calc(10em + 5px); min-height: 3rem }',
    layout: (Img) => (
      <div className="box">
        <Img className="pic" />
      </div>
    ),
    steps: ['loaded', RELOADED],
  },
  {
    name: 'border, padding and box-sizing',
    css: '.pic { border: 3px solid; padding: 10px; box-sizing: border-box; width: 150px }',
    layout: (Img) => <Img className="pic" />,
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'position: absolute over its parent',
    css: '.box { position: relative; width: 300px; height: 200px } .pic { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover }',
    layout: (Img) => (
      <div className="box">
        <Img className="pic" />
      </div>
    ),
  },
  {
    name: 'a class that is added later',
    css: '.small { width: 60px }',
    layout: (Img, { step }) => <Img className={step === 'small' ? 'small' : ''} />,
    steps: ['loaded', RELOADED, 'small'],
  },
  {
    name: 'a class that is taken away later',
    css: '.small { height: 40px }',
    layout: (Img, { step }) => <Img className={step === 'large' ? '' : 'small'} />,
    steps: ['loaded', RELOADED, 'large'],
  },
  {
    name: 'a style sheet that comes later',
    layout: (Img, { step }) => (
      <>
        {step === 'styled' && <style>{'img { width: 30%; border-radius: 50% }'}</style>}
        <Img />
      </>
    ),
    steps: ['loaded', RELOADED, 'styled'],
  },
  {
    name: 'container queries',
    css: '.box { container-type: inline-size } @container (max-width: 400px) { .pic { width: 100%; height: 50px } }',
    layout: (Img, { step }) => (
      <div className="box" style={{ width: step === 'narrower' ? 350 : 700 }}>
        <Img className="pic" />
      </div>
    ),
    steps: ['loaded', RELOADED, 'narrower'],
  },
  {
    name: 'a parent as wide as its content',
    css: '.box { width: fit-content; border: 1px solid }',
    layout: (Img) => (
      <div className="box">
        <Img />
        <p>A caption that is longer than the picture is wide, as captions are.</p>
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'zoom and transform',
    css: '.box { zoom: 1.5 } .pic { transform: rotate(10deg) scale(0.5); width: 50% }',
    layout: (Img) => (
      <div className="box">
        <Img className="pic" />
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'a skeleton of a min-height and a background',
    css: '.pic { display: block; width: 100%; min-height: 120px; background: #ccc }',
    layout: (Img) => <Img className="pic" />,
  },
];
