import http from 'node:http';
import https from 'node:https';
import { type Check, ok, skip, warn } from '../../check.ts';
import type { Installation } from '../../installation.ts';
import { nodeProxy } from '../../../source/nodeProxy.ts';

const VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

/**
 * Node and the AWS SDK do not read the variables by themselves, so where only a proxy reaches the internet, nothing is downloaded. The value
 * of a variable is not shown, since it may contain a password.
 * @param isUsed whether Node has taken the proxy
 */
export function proxyCheck(
  { probes: { env } }: Installation,
  isUsed = nodeProxy(https.globalAgent) !== undefined || nodeProxy(http.globalAgent) !== undefined,
): Check {
  return {
    id: 'server.proxy',
    group: 'server',
    title: 'A proxy of the environment is used',
    run() {
      const variable = VARIABLES.find((name) => (env[name] ?? '') !== '');
      if (isUsed) return ok('Requests to S3 go through the proxy of the environment.');
      if (variable === undefined) return skip('the environment names none');
      return warn(
        `${variable} is set, and Node does not use it: requests go to S3 directly.`,
        'If only the proxy reaches the internet, start Node with NODE_USE_ENV_PROXY=1 (Node 22.21 or 24.5, and later). NO_PROXY lists hosts that are asked directly.',
        'NODE_USE_ENV_PROXY=1 npm run dev',
      );
    },
  };
}
