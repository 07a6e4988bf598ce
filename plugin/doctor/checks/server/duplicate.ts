import { type Check, fail, ok } from '../../check.ts';
import type { ViteFacts } from '../../installation.ts';

/** The first plugin answers all requests, so the options of another one at the same path have no effect. */
export function duplicateCheck({ plugins }: ViteFacts): Check {
  return {
    id: 'server.plugin',
    group: 'server',
    title: 'The plugin is there once',
    run: () =>
      plugins < 2
        ? ok('imageCache() is in `plugins` once.')
        : fail(
            `imageCache() is in \`plugins\` ${plugins} times with the same path, and only the options of the first are used.`,
            'Remove the others, also from a configuration that yours is merged with, or give each a `base` of its own.',
          ),
  };
}
