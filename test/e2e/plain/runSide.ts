import type { SceneBrowser, Tab } from './browsers/browser.ts';
import type { Setting } from './page/main.tsx';
import type { PageReport } from './page/report.ts';
import { type Scene, type Side, type Step, toSteps } from './page/scene.ts';
import type { Props, Stage } from './stage.ts';

/** What is seen of a step at some time. */
export interface Observation extends PageReport {
  /** How often S3 was asked for each image. */
  requests: readonly number[];
  /** Whether S3 is still about to send one of them. */
  isSending: boolean;
  /** The numbers of those that S3 keeps back. */
  held: readonly number[];
}

/** Looks at a page. */
export interface Eye {
  /** When nothing has moved for a moment. */
  look(): Promise<Observation>;
  /** A screenshot, with all pictures painted that there are. */
  screenshot(): Promise<Buffer>;
}

/** After how long without any change a page is taken to have come to rest. */
const REST_MS = 60;
const PAUSE_MS = 25;

/** Plays one side of a scene, and calls back at each step to look at it. */
export async function runSide(
  stage: Stage,
  browser: SceneBrowser,
  scene: Scene,
  side: Side,
  watch: (step: Step, eye: Eye) => Promise<void>,
): Promise<void> {
  const props = await stage.setUp(scene, side);
  const tab = await browser.tabs.take();
  let after: 'as it was' | 'changed' = 'changed';
  try {
    await tab.resize(...(scene.viewport ?? [800, 600]));
    for (const [index, step] of toSteps(scene).entries()) {
      const isNew = index === 0 || step.reload === true;
      if (!isNew) await tab.evaluate('window.stage.beginStep()');
      if (step.viewport) await tab.resize(...step.viewport);
      if (step.media) await tab.emulateMedia(step.media);
      if (step.isOffline !== undefined) await tab.setOffline(step.isOffline);
      if (isNew) {
        await load(tab, stage.url);
        const setting: Setting = {
          scene: scene.name,
          side,
          step: step.name,
          urls: props.urls,
          newer: props.newer,
          drawing: props.drawing,
        };
        await tab.evaluate(`window.stage.start(${JSON.stringify(setting)})`);
      } else {
        await tab.evaluate(`window.stage.goTo(${JSON.stringify(step.name)})`);
      }
      if (step.name === 'loaded' || step.release) props.release(step.release);
      await watch(step, openEye(tab, props));
    }
    const isChanged = toSteps(scene).some(({ media, isOffline }) => media !== undefined || isOffline !== undefined);
    if (!isChanged) after = 'as it was';
  } finally {
    await browser.tabs.giveBack(tab, after);
  }
}

async function load(tab: Tab, url: string): Promise<void> {
  await tab.open(url);
  while ((await tab.evaluate(`'stage' in window`)) !== true) await pause();
}

function openEye(tab: Tab, props: Props): Eye {
  return {
    async look() {
      // What the page answers is of this type by its own types.
      const report = (await tab.evaluate(`window.stage.unchangedFor(${REST_MS})`)) as PageReport;
      return { ...report, requests: props.gets(), isSending: props.isSending(), held: props.held() };
    },
    async screenshot() {
      await tab.evaluate('window.stage.decoded()');
      return tab.screenshot();
    },
  };
}

export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
