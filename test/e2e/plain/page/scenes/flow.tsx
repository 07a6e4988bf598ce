import { RELOADED, type Scene } from '../scene.ts';

/** Pictures among other content. */
export const FLOW: Scene[] = [
  {
    name: 'B11: flex row of a height, items that stretch',
    css: '.row { display: flex; height: 50px }',
    layout: (Img) => (
      <div className="row">
        <Img />
        <span>beside</span>
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'flex row without sizes',
    css: '.row { display: flex; gap: 8px }',
    layout: (Img) => (
      <div className="row">
        <Img />
        <p>Some text beside it, long enough to take what there is of the row, and then some.</p>
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'flex items that shrink and grow',
    css: '.row { display: flex; width: 300px } .row img { flex: 1; min-width: 0 }',
    images: 2,
    layout: (Img) => (
      <div className="row">
        <Img n={0} />
        <Img n={1} />
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'flex column, aligned in the middle',
    css: '.column { display: flex; flex-direction: column; align-items: center; height: 400px } .pic { flex: 1; min-height: 0 }',
    layout: (Img) => (
      <div className="column">
        <h1>Title</h1>
        <Img className="pic" />
        <p>Text</p>
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'flex row that wraps, with sizes',
    css: '.row { display: flex; flex-wrap: wrap; gap: 10px; width: 400px } .row img { width: 120px; height: 90px; object-fit: cover }',
    images: 3,
    layout: (Img) => (
      <div className="row">
        <Img n={0} />
        <Img n={1} />
        <Img n={2} />
      </div>
    ),
  },
  {
    name: 'a grid whose cells stretch',
    css: '.grid { display: grid; grid-template-columns: 1fr 2fr; grid-auto-rows: 100px; gap: 4px }',
    images: 2,
    layout: (Img) => (
      <div className="grid">
        <Img n={0} />
        <Img n={1} />
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'a grid of automatic tracks',
    css: '.grid { display: inline-grid; grid-template-columns: auto auto } .grid img { max-width: 100% }',
    images: 2,
    layout: (Img) => (
      <div className="grid">
        <Img n={0} />
        <p>text</p>
        <p>text</p>
        <Img n={1} />
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'B5: inline in text, on its baseline',
    layout: (Img) => (
      <p>
        A picture <Img alt="of a wide landscape at dusk" /> in a line of text that goes on for a while, and wraps.
      </p>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'inline, small, in the middle of the line',
    css: '.icon { width: 1em; height: 1em; vertical-align: middle }',
    layout: (Img) => (
      <p>
        An icon <Img className="icon" /> and text.
      </p>
    ),
  },
  {
    name: 'a float with text around it',
    css: '.pic { float: left; margin: 0 1em 1em 0 }',
    layout: (Img) => (
      <article>
        <Img className="pic" />
        {'Text that flows around the picture. '.repeat(30)}
      </article>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'cells of a table that fits itself to them',
    css: 'td { border: 1px solid }',
    images: 2,
    layout: (Img) => (
      <table>
        <tbody>
          <tr>
            <td>
              <Img n={0} />
            </td>
            <td>Some words in the cell beside it</td>
          </tr>
          <tr>
            <td>A name</td>
            <td>
              <Img n={1} width={50} />
            </td>
          </tr>
        </tbody>
      </table>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'a figure with its caption',
    layout: (Img) => (
      <figure>
        <Img />
        <figcaption>What it shows</figcaption>
      </figure>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'from right to left',
    layout: (Img) => (
      <div dir="rtl">
        طويل <Img alt="صورة" width={100} /> نص
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'vertical writing',
    css: '.box { writing-mode: vertical-rl; height: 300px } .pic { inline-size: 100px }',
    layout: (Img) => (
      <div className="box">
        縦書き <Img className="pic" /> の文
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'columns of text',
    css: '.box { columns: 3; column-gap: 20px } .pic { width: 100% }',
    layout: (Img) => (
      <div className="box">
        {'Words before it. '.repeat(20)}
        <Img className="pic" />
        {'Words behind it. '.repeat(20)}
      </div>
    ),
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'in a parent of display: contents, in a button, in a link',
    images: 3,
    layout: (Img) => (
      <div style={{ display: 'flex' }}>
        <div style={{ display: 'contents' }}>
          <Img n={0} />
        </div>
        <button type="button">
          <Img n={1} width={60} />
        </button>
        <a href="#top">
          <Img n={2} width={60} />
        </a>
      </div>
    ),
    // In which order they come decides how high the row is meanwhile.
    unsteady: ['frames'],
  },
  {
    name: 'a list with markers',
    images: 2,
    layout: (Img) => (
      <ul>
        <li>
          <Img n={0} width={80} /> first
        </li>
        <li>
          <Img n={1} width={80} /> second
        </li>
      </ul>
    ),
  },
  {
    name: 'centred as a block, with a margin',
    css: '.pic { display: block; margin: 20px auto; max-width: 90% }',
    layout: (Img) => <Img className="pic" />,
    steps: ['pending', 'loaded', RELOADED],
  },
  {
    name: 'rounded, with a shadow and a filter',
    css: '.pic { border-radius: 50%; box-shadow: 0 0 10px red; filter: sepia(1); width: 150px; height: 150px }',
    layout: (Img) => <Img className="pic" />,
  },
];
