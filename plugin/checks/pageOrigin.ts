import { isHttpUrl } from '../endpoint.ts';
import { checkedText } from './texts.ts';

/**
 * The `Origin` that a browser sends for a page of an app that is not a web site: Capacitor, Ionic, Tauri, Electron, extensions. It
 * has a scheme and a host, and is compared letter by letter, because `URL` only gives the origin `null` for it (URL Standard).
 */
const APP_ORIGIN = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/[a-z0-9_.-]+(?::\d{1,5})?$/;
/** Schemes that no page has: those of files, data and sockets, and `http` with a typing error. */
const NO_APP = /^(?:file|data|blob|about|javascript|wss?|ftp|s3|h?t+ps?|h?tt?p?s{2,})$/;

/** Checks the origin of a page, as a browser sends it. */
export const pageOrigin = checkedText(
  "an origin such as 'https://admin.example.com' or 'capacitor://localhost', without a path or a trailing slash",
  isPageOrigin,
  hintFor,
);

function isPageOrigin(value: string): boolean {
  if (isHttpUrl(value)) return new URL(value).origin === value && !value.includes('*');
  const scheme = APP_ORIGIN.exec(value)?.groups?.['scheme'];
  return scheme !== undefined && !/^https?$/.test(scheme) && !NO_APP.test(scheme);
}

function hintFor(value: string): string | undefined {
  if (value.includes('*'))
    return 'List each origin: with `*`, every site that is open in the browser could read the images.';
  if (value === 'null' || /^file:/i.test(value)) {
    return 'Files, sandboxed frames and data: URLs of any site have this origin. Serve the page from an origin of its own.';
  }
  if (isHttpUrl(value)) return `Write '${new URL(value).origin}'.`;
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]+/i.exec(value)?.[0].toLowerCase();
  if (origin !== undefined && isPageOrigin(origin)) return `Write '${origin}'.`;
  return isPageOrigin(`https://${value}`) ? `Write 'https://${value}', or 'http://${value}'.` : undefined;
}
