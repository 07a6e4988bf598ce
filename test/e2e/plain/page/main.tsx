import { createElement, type ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { configureImageCache } from 'vite-plugin-image-cache/react';
import { createImage, type Pictures, proxy } from './images.tsx';
import { type Album, measure, type Measured } from './measure.tsx';
import type { PageReport } from './report.ts';
import { type Scene, type Side, toSteps } from './scene.ts';
import { SCENES } from './scenes/index.ts';
import { beginStep, decoded, labelOf, noteFrame, tell, unchangedFor, watchPage } from './watch.ts';

/** What the page lets its test do. All of it goes through JSON. */
interface Stage {
  /** Shows a scene at that step. */
  start(setting: Setting): Promise<void>;
  /** What is seen from now on belongs to the next step. */
  beginStep(): void;
  /** Renders the next step. */
  goTo(step: string): Promise<void>;
  unchangedFor(ms: number): Promise<PageReport>;
  decoded(): Promise<void>;
  /** Shows no scene, but many images, and takes the time. */
  measure(album: Album): Promise<Measured>;
}

export interface Setting extends Pictures {
  scene: string;
  side: Side;
  step: string;
}

declare global {
  interface Window {
    stage: Stage;
  }
}

configureImageCache({ base: '/api/cache' });

const container = document.querySelector('#root');
if (!container) throw new Error('There is no #root.');
const root = createRoot(container);
let render: (step: string) => Promise<void> = async () => {
  throw new Error('No scene has been started.');
};

window.stage = {
  start(setting) {
    const scene = SCENES.find(({ name }) => name === setting.scene);
    if (!scene) throw new Error(`There is no scene '${setting.scene}'.`);
    render = createRender(scene, setting);
    watchPage();
    beginStep();
    return render(setting.step);
  },
  beginStep,
  goTo: (step) => render(step),
  unchangedFor,
  decoded,
  measure: (album) => measure(root, album),
};

function createRender(scene: Scene, { side, urls, newer, drawing }: Setting): (step: string) => Promise<void> {
  const image = createImage(side, { urls, newer });
  const url = (n: number): string => (side === 'ours' ? urls[n] : proxy(urls[n])) ?? '';
  const style = document.createElement('style');
  style.textContent = scene.css ?? '';
  document.head.append(style);

  /** A component of its own, so that a layout may have state. */
  const Layout = ({ step }: { step: string }): ReactNode => scene.layout(image, { step, side, url, drawing });
  return async (step) => {
    flushSync(() =>
      root.render(
        <div id="scene" onLoad={hear} onError={hear}>
          {createElement(Layout, { step })}
        </div>,
      ),
    );
    noteFrame();
    await toSteps(scene)
      .find(({ name }) => name === step)
      ?.run?.();
  };
}

/** React tells an event to the parents, too. */
function hear({ type, target }: { type: string; target: EventTarget }): void {
  const label = labelOf(target);
  if (label !== undefined) tell(label, `${type} at the parent`);
}
