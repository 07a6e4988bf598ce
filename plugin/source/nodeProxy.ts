import type { Agent } from 'node:http';

/**
 * The proxy that Node itself uses, taken from its own agent, as an option for another one: from `HTTPS_PROXY`, `HTTP_PROXY` and
 * `NO_PROXY` when the process was started with `NODE_USE_ENV_PROXY=1` (Node 22.21, 24.5), or by `http.setGlobalProxyFromEnv()`;
 * `undefined` without one. See https://nodejs.org/api/http.html#built-in-proxy-support.
 *
 * The proxy resolves the names, so addresses are vetted here only where they stand in the URL itself.
 * Limit: over plain http, Node folds dot segments of a path on the way to a proxy; a key that has some is refused by its signature.
 */
export function nodeProxy(agent: Agent): { proxyEnv: object } | undefined {
  // The types of older Nodes have neither property.
  const options: unknown = 'options' in agent ? agent.options : undefined;
  if (typeof options !== 'object' || options === null || !('proxyEnv' in options)) return undefined;
  const { proxyEnv } = options;
  return typeof proxyEnv === 'object' && proxyEnv !== null ? { proxyEnv } : undefined;
}
