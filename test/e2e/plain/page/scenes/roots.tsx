import { type ReactNode, useState } from 'react';
import { createPortal } from 'react-dom';
import { type Scene, WAITED } from '../scene.ts';

/** Children in a shadow root. */
function Shadow({ children }: { children: ReactNode }): ReactNode {
  const [root, setRoot] = useState<ShadowRoot>();
  return (
    <div ref={(element) => setRoot((known) => known ?? element?.attachShadow({ mode: 'open' }))}>
      {root && createPortal(children, root)}
    </div>
  );
}

/** Children in an iframe. */
function Frame({ children }: { children: ReactNode }): ReactNode {
  const [body, setBody] = useState<HTMLElement>();
  return (
    // oxlint-disable-next-line react/iframe-missing-sandbox -- the document in it is our own, and the image has to be reachable
    <iframe
      title="A frame"
      width={400}
      height={300}
      srcDoc="<!doctype html><title>Frame</title><body></body>"
      onLoad={({ currentTarget }) => setBody(currentTarget.contentDocument?.body)}
    >
      {body && createPortal(children, body)}
    </iframe>
  );
}

/** A browser loads the document of an iframe some time later. Resolves when it has been seen how the image is before its picture comes. */
async function untilThereIsOneInFrame(): Promise<void> {
  do await new Promise(requestAnimationFrame);
  while (!document.querySelector('iframe')?.contentDocument?.querySelector('img'));
}

/** Other roots than the document. */
export const ROOTS: Scene[] = [
  {
    name: 'in a shadow root',
    layout: (Img) => (
      <Shadow>
        <Img width={120} />
      </Shadow>
    ),
  },
  {
    name: 'lazy ones in a shadow root',
    images: 5,
    layout: (Img) => (
      <Shadow>
        {[0, 1, 2, 3, 4].map((n) => (
          <Img key={n} n={n} loading="lazy" width={120} height={80} />
        ))}
      </Shadow>
    ),
    steps: ['loaded'],
    differs: WAITED,
  },
  {
    name: 'in an iframe',
    layout: (Img) => (
      <Frame>
        <Img width={120} />
      </Frame>
    ),
    steps: [{ name: 'loaded', run: untilThereIsOneInFrame }],
  },
  {
    name: 'lazy ones in an iframe',
    images: 5,
    layout: (Img) => (
      <Frame>
        {[0, 1, 2, 3, 4].map((n) => (
          <Img key={n} n={n} loading="lazy" width={100} height={70} />
        ))}
      </Frame>
    ),
    steps: [{ name: 'loaded', run: untilThereIsOneInFrame }],
    differs: WAITED,
  },
  {
    name: 'in a portal at the end of the body',
    layout: (Img) => createPortal(<Img width={120} />, document.body),
  },
  {
    name: 'in an SVG, as foreign content',
    layout: (Img) => (
      <svg width="200" height="200">
        <foreignObject width="200" height="200">
          <Img width={120} />
        </foreignObject>
      </svg>
    ),
    steps: ['loaded'],
  },
];
