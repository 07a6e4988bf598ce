import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import { ImageCacheError } from '../errors.ts';
import { type Host, hostHeader, isOwnOrigin, parseHost } from './host.ts';

export interface GuardOptions {
  /** Other origins whose pages may use the API, e.g. `https://admin.example.com`. */
  allowedOrigins: readonly string[];
  /**
   * Host names that the API answers to, besides `localhost` and IP addresses; `.example.com` means the domain and its
   * subdomains. The syntax is that of Vite's `server.allowedHosts`; as there, `true` allows every name.
   */
  allowedHosts: readonly string[] | true;
}

/**
 * Creates a check that throws when a request comes from a page of another site, or names a host that is not ours. Vite has no
 * such check for a plugin's routes: its CORS prevents reading an answer but not sending a request (T1), and its host check is off
 * with https.
 *
 * - The **host** must be `localhost`, a name below it, an IP address or one of `allowedHosts`. A page that rebinds its
 *   own DNS name to 127.0.0.1 is same-origin to the browser, and can only be recognised by the name. An address is safe,
 *   because rebinding needs a name.
 * - The **origin** must be our own, by `Sec-Fetch-Site`, or else by `Origin`. `same-site` is not enough: ports do not
 *   count there, so every other server on `localhost` is same-site. A page of `allowedOrigins` always passes.
 * - A request with **neither header** passes: it is not the `fetch`, form or script of a page. `accessPolicy.ts` decides what
 *   it may do.
 *
 * Limit: browsers send `Sec-Fetch-Site` only to https and loopback. On `http://192.168.0.2:5173`, an `<img>` of another site has
 * neither header, like a request of `curl`; only its `Referer` names the page.
 *
 * @returns a function that throws ImageCacheError INVALID_HOST, FORBIDDEN_HOST or FORBIDDEN_ORIGIN
 */
export function createGuard({
  allowedOrigins,
  allowedHosts,
}: GuardOptions): (request: IncomingMessage | Http2ServerRequest) => void {
  const checkHost = createHostCheck(allowedHosts);
  const trusted = new Set(allowedOrigins);

  return function guard(request) {
    const host = checkHost(request);
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined && trusted.has(origin)) return;
    if (site !== undefined) {
      if (site !== 'same-origin' && site !== 'none') throw forbiddenOrigin();
    } else if (origin !== undefined && !isOwnOrigin(origin, host, request)) {
      throw forbiddenOrigin();
    }
  };
}

/**
 * Creates the check of the host alone.
 * @returns a function that returns the host, or throws ImageCacheError INVALID_HOST or FORBIDDEN_HOST
 */
export function createHostCheck(
  allowedHosts: GuardOptions['allowedHosts'],
): (request: IncomingMessage | Http2ServerRequest) => Host {
  const isAllowedName = allowedHosts === true ? () => true : nameMatcher(allowedHosts);
  // Most requests name the same host as the one before.
  let latest: { header: string; host: Host } | undefined;

  return function checkHost(request) {
    const header = hostHeader(request);
    if (header !== latest?.header) latest = { header, host: parseHost(header) };
    const { host } = latest;
    if (host.isName && !isAllowedName(host.name)) throw forbiddenHost(host.name);
    return host;
  };
}

function nameMatcher(allowedHosts: readonly string[]): (name: string) => boolean {
  const allowed = ['.localhost', ...allowedHosts.map((host) => host.toLowerCase())];
  return (name) => allowed.some((host) => name === host || (host.startsWith('.') && `.${name}`.endsWith(host)));
}

function forbiddenHost(name: string): ImageCacheError {
  return new ImageCacheError('FORBIDDEN_HOST', `The image cache does not answer to the host name '${name}'.`, {
    hint: `If the name is yours, add '${name}' to the option \`allowedHosts\` (or to Vite's \`server.allowedHosts\`).`,
  });
}

function forbiddenOrigin(): ImageCacheError {
  return new ImageCacheError('FORBIDDEN_ORIGIN', 'The request comes from a page of another origin.', {
    hint: 'If the page is yours, add its origin to the option `allowedOrigins`.',
  });
}
