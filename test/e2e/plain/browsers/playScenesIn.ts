import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPage } from '../buildPage.ts';
import { SCENES } from '../page/scenes/index.ts';
import { playScene } from '../playScene.ts';
import { StagePool } from '../stagePool.ts';
import type { SceneBrowser } from './browser.ts';
import { BrowserGone } from './browserGone.ts';
import type { DebianBrowser } from './debian.ts';

/** The scenes in a browser that comes from Debian's packages. Each browser has a test file of its own. */
export async function playScenesIn({ name, packages, find }: DebianBrowser): Promise<void> {
  const open = await find();

  if (!open) {
    console.warn(`${name} is skipped. To install it: apt-get install --no-install-recommends ${packages}`);
    it.skip(`${name} is not installed`);
    return;
  }

  describe(`a CachedImage is as an <img> in ${name}`, () => {
    let page: string;
    let stages: StagePool;
    let browser: SceneBrowser;

    beforeAll(async () => {
      page = await mkdtemp(join(tmpdir(), 'image-cache-page-'));
      await buildPage(page, 'development');
      stages = new StagePool({ page });
      browser = await open();
    });
    afterAll(async () => {
      await browser?.close();
      await stages?.close();
      await rm(page, { recursive: true, force: true });
    });

    it.concurrent.for(SCENES)('$name', async (scene, { skip }) => {
      const missing = scene.needs?.find((capability) => !browser.can.includes(capability));
      if (missing !== undefined) skip(`WebDriver has no command for it: ${missing}`);
      const play = (): Promise<string[]> => stages.use((stage) => playScene(stage, browser, scene));
      const found = await play().catch((error: unknown) => {
        if (!(error instanceof BrowserGone)) throw error;
        // A scene that ends its browser each time is at fault itself.
        console.warn(`${name} was started anew in “${scene.name}”: ${error.message}`);
        return play();
      });
      expect(found).toEqual([]);
    });
  });
}
