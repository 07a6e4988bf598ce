import { globSync } from 'node:fs';
import { access } from 'node:fs/promises';
import type { SceneBrowser } from './browser.ts';
import { FIREFOX, openFirefox } from './firefox.ts';
import { openWebKit, WEBKIT_DRIVER, XVFB } from './webkit.ts';

/** A browser that Debian has and npm has not. */
export interface DebianBrowser {
  name: string;
  /** What brings it. */
  packages: string;
  /** @returns how to start it, or `undefined` where it is not installed */
  find(): Promise<(() => Promise<SceneBrowser>) | undefined>;
}

export const FIREFOX_ESR: DebianBrowser = {
  name: 'Firefox ESR',
  packages: 'firefox-esr',
  find: async () => ((await isThere(FIREFOX)) ? openFirefox : undefined),
};

export const WEBKIT_GTK: DebianBrowser = {
  name: 'WebKitGTK',
  packages: 'webkit2gtk-driver xvfb',
  async find() {
    const [miniBrowser] = globSync('/usr/lib/*/webkit2gtk-4.*/MiniBrowser');
    const isInstalled = miniBrowser !== undefined && (await isThere(WEBKIT_DRIVER)) && (await isThere(XVFB));
    return isInstalled ? () => openWebKit(miniBrowser) : undefined;
  },
};

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
