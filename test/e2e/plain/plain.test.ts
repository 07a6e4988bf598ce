import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SceneBrowser } from './browsers/browser.ts';
import { openChromium } from './browsers/chromium.ts';
import { buildPage } from './buildPage.ts';
import { SCENES } from './page/scenes/index.ts';
import { playScene } from './playScene.ts';
import { StagePool } from './stagePool.ts';

let page: string;
let stages: StagePool;
let browser: SceneBrowser;

beforeAll(async () => {
  page = await mkdtemp(join(tmpdir(), 'image-cache-page-'));
  [browser] = await Promise.all([openChromium(), buildPage(page, 'development')]);
  stages = new StagePool({ page });
});
afterAll(async () => {
  await browser?.close();
  await stages?.close();
  await rm(page, { recursive: true, force: true });
});

describe('a CachedImage looks and behaves like an <img> in its place', () => {
  it.concurrent.each(SCENES)('$name', async (scene) => {
    expect(await stages.use((stage) => playScene(stage, browser, scene))).toEqual([]);
  });
});

it('no two scenes have the same name', () => {
  const names = SCENES.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});
