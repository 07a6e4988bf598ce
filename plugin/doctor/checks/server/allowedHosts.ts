import { type Check, ok, warn } from '../../check.ts';
import type { ViteFacts } from '../../installation.ts';

/** With `allowedHosts: true`, any web page can reach the server under a name of its own (DNS rebinding). */
export function allowedHostsCheck({ allowedHosts }: ViteFacts): Check {
  return {
    id: 'server.hosts',
    group: 'server',
    title: 'The server answers only to its own names',
    run: () =>
      allowedHosts === true
        ? warn(
            '`server.allowedHosts` is true: any web page can read the images by a name that leads here (DNS rebinding).',
            'List the names that you use.',
            "server: { allowedHosts: ['.example.com'] }",
          )
        : ok(
            allowedHosts.length === 0
              ? 'It answers to localhost and to addresses.'
              : `It answers to localhost, to addresses, and to ${allowedHosts.length} more.`,
          ),
  };
}
