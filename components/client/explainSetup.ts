import type { SHARP_EVENT_NAME } from '../../plugin/protocol.ts';
import { isConfigured } from './config.ts';
import { type CacheClient, defaultClient } from './cacheClient.ts';
import { mark } from './explain.ts';
import { cacheableKey, pageOrigin } from './imageKey.ts';

/** Messages that were printed already. Each is printed once per page. */
const told = new Set<string>();

/**
 * Tells developers that there is no cache because the plugin is missing in their configuration. Images then come from S3 each time, or not
 * at all by `s3://` URLs, and nothing else says why. Builds leave this out.
 * @param client of the image; a client that is configured for another server, or for none, needs no such message
 */
export function explainMissingCache(client: CacheClient, url: string | undefined): void {
  const key = cacheableKey(url ?? '', pageOrigin());
  if (key === undefined || client !== defaultClient || client.baseUrl !== undefined || isConfigured()) return;
  const bucket = /^s3:\/\/([^/]+)\//.exec(key)?.[1];
  const shown = bucket === undefined ? 'so images come from S3 each time' : `and without it no browser can show ${key}`;
  tell(
    'missing cache',
    `<CachedImage> has found no image cache here, ${shown}. ` +
      `Add the plugin to vite.config.ts: plugins: [imageCache({ buckets: ['${bucket ?? '<bucket>'}'] })], ` +
      `with import { imageCache } from 'vite-plugin-image-cache'. ` +
      `If there is to be none, say so: configureImageCache({ base: false }).`,
  );
}

/**
 * Tells developers that `widths` does nothing, because the server can make no variants: in the page, and by Vite's socket in the terminal.
 * Builds leave this out.
 */
export function explainMissingSharp(): void {
  const isNews = tell(
    'missing sharp',
    '`widths` is left out, because images of other sizes are made with sharp, which is not installed. ' +
      'Run `npm install sharp`, and restart the server.',
  );
  if (isNews) import.meta.hot?.send('image-cache:sharp-missing' satisfies typeof SHARP_EVENT_NAME);
}

/**
 * Tells developers what to write instead of a bare key of an object, which a browser takes for a path on the page's server. It prints this
 * once, and marks each image. Builds leave this out.
 */
export function explainFailedUrl(img: HTMLImageElement | null, url: string): void {
  const text = textFor(url);
  if (text === undefined) return;
  tell(text.split(url, 1)[0] ?? text, text); // once for each kind of mistake, whatever the URL
  if (img?.isConnected === true) mark(img, { code: 'INVALID_URL', text });
}

function textFor(url: string): string | undefined {
  const arn = /^arn:[^:]*:s3:::(.+)/i.exec(url)?.[1];
  if (arn !== undefined) return `An <img> cannot load ${url}. Write s3://${arn}`;
  if (/^[a-z][a-z\d+.-]*:|^\/\//i.test(url)) return undefined;
  const path = url.replace(/^\.?\/+/, '').split(/[?#]/, 1)[0] ?? '';
  if (/(?:^|\/)i\/[0-9a-f-]{32,36}\.[a-z0-9]{1,5}$/i.test(path)) {
    return (
      `There is no picture at ${url}. That is the reference of an upload: show it with ` +
      `<UploadedImage imageRef={…}> of vite-plugin-image-cache/uploads, which knows where the server is, and what is still in this browser.`
    );
  }
  const bucket = (typeof __IMAGE_CACHE__ === 'undefined' ? undefined : __IMAGE_CACHE__.bucket) ?? '<bucket>';
  return (
    `The page's own server has no image at ${url}. If that is the key of an object, name its bucket, too: ` +
    `s3_url="s3://${bucket}/${path}"`
  );
}

/** @returns whether it has not been told before */
function tell(what: string, message: string): boolean {
  if (told.has(what)) return false;
  told.add(what);
  console.warn(`[image-cache] ${message}`);
  return true;
}
