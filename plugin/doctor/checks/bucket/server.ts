import { type Check, fail, ok, warn } from '../../check.ts';
import type { BucketFacts } from './facts.ts';

/** A network with a login page, a proxy or another server may answer in place of S3. */
export function serverCheck({ about, headAnswer, inquiry, signal }: BucketFacts): Check {
  const { host, protocol } = new URL(inquiry.address);
  /** Of a refusal, the head alone does not tell: some stores have pages of their own there. */
  const isForeign = async () => {
    const { s3Code, headers } = await inquiry.list('unsigned', signal);
    return s3Code === undefined && isHtml(headers['content-type'] ?? '');
  };
  return {
    id: 'bucket.server',
    group: 'bucket',
    about,
    title: 'An S3 server answers',
    after: [protocol === 'https:' ? 'bucket.tls' : 'bucket.connection'],
    async run() {
      const { status, contentType } = await headAnswer();
      if (isHtml(contentType) && (status < 400 || (await isForeign()))) {
        return fail(
          `${host} answered ${status} with an HTML page, which S3 does not send.`,
          'It is from the login page of a network, from a proxy, or from a server that is not S3. Open a page in the browser to sign in to the network; check the scheme, the host and the port of the endpoint.',
        );
      }
      if (status === 503 || status === 429) {
        return warn(`${host} answered ${status}: it asks to slow down.`, 'Downloads wait and try again by themselves.');
      }
      if (status >= 500 && status !== 501) {
        return fail(
          `${host} answered ${status}.`,
          'Look at the status page of the provider, or at the log of the server.',
        );
      }
      return ok(`${host} answers.`);
    },
    late: () =>
      fail(
        `${host} accepts connections, and did not answer within 3 seconds.`,
        'Look at whether the server hangs, and at proxies in front of it.',
      ),
  };
}

function isHtml(contentType: string): boolean {
  return /^text\/html\b/i.test(contentType);
}
