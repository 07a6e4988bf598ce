import { access } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';

const SYSTEM_BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const ARGUMENTS = [
  '--no-sandbox', // the pages are our own, and CI runs as root
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** A real Chromium: `$CHROMIUM_PATH`, else the system's, else the one that npm has brought. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await chromiumPath(), args: ARGUMENTS });
}

export async function chromiumPath(): Promise<string> {
  return process.env['CHROMIUM_PATH'] ?? (await findSystemBrowser()) ?? (await unpackBrowser());
}

async function findSystemBrowser(): Promise<string | undefined> {
  for (const path of SYSTEM_BROWSERS) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/** Linux on x64 only. The variable makes it bring the libraries that a bare system lacks. */
async function unpackBrowser(): Promise<string> {
  process.env['AWS_EXECUTION_ENV'] ??= 'AWS_Lambda_nodejs20.x';
  const { default: packed } = await import('@sparticuz/chromium');
  return packed.executablePath();
}
