import { type Check, fail, ok } from '../../check.ts';
import type { Installation } from '../../installation.ts';

/** Node must be one of those that package.json names in `engines`. */
export function nodeCheck({ probes: { nodeVersion } }: Installation): Check {
  return {
    id: 'server.node',
    group: 'server',
    title: 'Node is a version that is supported',
    run() {
      const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
      const isSupported = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
      return isSupported
        ? ok(`Node ${nodeVersion}.`)
        : fail(`Node ${nodeVersion} is not supported.`, 'Use Node 20.19, or 22.12 and later.');
    },
  };
}
