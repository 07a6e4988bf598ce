import type { Agent } from 'node:http';

/**
 * The proxy settings of Node's global agent, as an option for another agent; `undefined` without a proxy. Node takes them from
 * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` if the process was started with `NODE_USE_ENV_PROXY=1` (Node 22.21, 24.5), or from
 * `http.setGlobalProxyFromEnv()`. See https://nodejs.org/api/http.html#built-in-proxy-support.
 *
 * The proxy resolves the names, so addresses are vetted here only if they are in the URL itself.
 * Limit: over plain http, Node resolves dot segments of a path on the way to a proxy. The origin then refuses a key that has some,
 * because its signature is for another path.
 */
export function nodeProxy(agent: Agent): { proxyEnv: object } | undefined {
  // Older versions of Node have neither property.
  const options: unknown = 'options' in agent ? agent.options : undefined;
  if (typeof options !== 'object' || options === null || !('proxyEnv' in options)) return undefined;
  const { proxyEnv } = options;
  return typeof proxyEnv === 'object' && proxyEnv !== null ? { proxyEnv } : undefined;
}
