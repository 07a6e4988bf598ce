import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SceneBrowser } from './browsers/browser.ts';
import { DEBIAN_BROWSERS } from './browsers/debian.ts';
import { SCENES } from './page/scenes/index.ts';
import { playScene } from './playScene.ts';
import { openStage, type Stage } from './stage.ts';

/** `npm run test:browsers`: the scenes in the browsers that come from Debian's packages. */
for (const { name, packages, find } of DEBIAN_BROWSERS) {
  const open = await find();

  describe.skipIf(!open)(`a CachedImage is as an <img> in ${name}`, () => {
    let stage: Stage;
    let browser: SceneBrowser | undefined;

    beforeAll(async () => {
      [stage, browser] = await Promise.all([openStage(), open?.()]);
    });
    afterAll(async () => {
      await browser?.close();
      await stage?.close();
    });

    it.for(SCENES)('$name', async (scene, { skip }) => {
      if (!browser) throw new Error(`${name} was not opened.`);
      const missing = scene.needs?.find((capability) => !browser?.can.includes(capability));
      if (missing !== undefined) skip(`WebDriver has no command for it: ${missing}`);
      expect(await playScene(stage, browser, scene)).toEqual([]);
    });
  });

  // Where the browsers are to be tested, a missing one is no reason to be content.
  it.runIf(!open)(`${name} is not installed: apt-get install --no-install-recommends ${packages}`, ({ skip }) => {
    if (process.env['CI']) throw new Error('It has to be where CI runs.');
    skip('not installed');
  });
}
