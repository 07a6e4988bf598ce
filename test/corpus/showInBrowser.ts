import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';

/** What a browser made of a file that an `<img>` named. */
export interface Shown {
  /** False where the image reported an error. */
  isShown: boolean;
  /** `naturalWidth` and `naturalHeight`; 0 where it is not shown. */
  width: number;
  height: number;
}

/** Images that are loaded at a time: enough for both of a small machine's cores. */
const AT_A_TIME = 8;
/** Of one image. */
const TIMEOUT_MS = 20_000;

/** Loads each file into an `<img>`, from a server on the loopback interface that exists for this alone. */
export async function showInBrowser(browser: Browser, files: readonly string[]): Promise<Shown[]> {
  const server = createServer((request, response) => {
    const [, number] = /^\/images\/(\d+)$/.exec(request.url ?? '') ?? [];
    const file = number === undefined ? undefined : files[Number(number)];
    if (file === undefined) {
      response.setHeader('Content-Type', 'text/html');
      return response.end('<!doctype html><title>corpus</title>');
    }
    // A browser looks at the bytes of an image, whatever it is called; only SVG must be called by its name.
    response.setHeader('Content-Type', /\.svg$/i.test(file) ? 'image/svg+xml' : 'application/octet-stream');
    return createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${port}/`);
    const shown: Shown[] = [];
    for (let start = 0; start < files.length; start += AT_A_TIME) {
      const numbers = files.slice(start, start + AT_A_TIME).map((_, index) => start + index);
      shown.push(
        ...(await Promise.all(numbers.map((number) => page.evaluate(loadImage, [number, TIMEOUT_MS] as const)))),
      );
    }
    return shown;
  } finally {
    await page.close();
    server.closeAllConnections();
    server.close();
  }
}

/** Runs in the page. */
function loadImage([number, timeoutMs]: readonly [number, number]): Promise<Shown> {
  return new Promise((resolve) => {
    const image = document.createElement('img');
    const settle = (isShown: boolean) => {
      resolve({ isShown, width: image.naturalWidth, height: image.naturalHeight });
      image.remove();
    };
    image.addEventListener('load', () => settle(true));
    image.addEventListener('error', () => settle(false));
    setTimeout(settle, timeoutMs, false);
    image.src = `/images/${number}`;
    document.body.append(image);
  });
}
