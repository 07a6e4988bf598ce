import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SceneBrowser } from './browsers/browser.ts';
import { openChromium } from './browsers/chromium.ts';
import { SCENES } from './page/scenes/index.ts';
import { playScene } from './playScene.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
let browser: SceneBrowser;

beforeAll(async () => {
  [stage, browser] = await Promise.all([openStage(), openChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

const together = SCENES.filter(({ isAlone }) => !isAlone);
const alone = SCENES.filter(({ isAlone }) => isAlone);

describe('a CachedImage is as an <img> in the same place', () => {
  it.concurrent.each(together)('$name', async (scene) => {
    expect(await playScene(stage, browser, scene)).toEqual([]);
  });

  it.each(alone)('$name', async (scene) => {
    expect(await playScene(stage, browser, scene)).toEqual([]);
  });
});

it('no two scenes have the same name', () => {
  const names = SCENES.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});
