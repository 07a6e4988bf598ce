import { constants } from 'node:fs';
import { type Check, ok, skip, warn } from '../../check.ts';
import type { Installation } from '../../installation.ts';

/** Node goes on without a file that it cannot read, and the AWS CLI's own variable has no effect here. */
export function certificatesCheck({ probes: { env, access } }: Installation): Check {
  return {
    id: 'server.certificates',
    group: 'server',
    title: 'Certificates of your own are loaded',
    async run() {
      const { NODE_EXTRA_CA_CERTS: extra = '', AWS_CA_BUNDLE: bundle = '' } = env;
      if (extra !== '') {
        const isReadable = await access(extra, constants.R_OK).then(
          () => true,
          () => false,
        );
        return isReadable
          ? ok('Node also trusts the certificates in NODE_EXTRA_CA_CERTS.')
          : warn(
              'The file that NODE_EXTRA_CA_CERTS names cannot be read, so its certificates are not trusted.',
              'Correct the path, and start the server again.',
            );
      }
      if (bundle === '') return skip('the environment names none');
      return warn(
        'AWS_CA_BUNDLE is set, which Node does not read.',
        'Set NODE_EXTRA_CA_CERTS to the same file before Node starts.',
        'NODE_EXTRA_CA_CERTS="$AWS_CA_BUNDLE" npm run dev',
      );
    },
  };
}
