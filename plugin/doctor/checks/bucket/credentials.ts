import { type Check, fail, type Finding, ok, warn } from '../../check.ts';
import { durationText } from '../../texts.ts';
import type { BucketFacts } from './facts.ts';

/** What the AWS SDK calls the places of its provider chain, the most telling first. */
const SOURCES: readonly (readonly [name: RegExp, text: string])[] = [
  [/PROFILE_SSO|CREDENTIALS_SSO/, 'an SSO session'],
  [/STS_ASSUME_ROLE/, 'an assumed role'],
  [/WEB_ID_TOKEN/, 'a web identity'],
  [/ENV_VARS/, 'the environment'],
  [/PROCESS/, 'a command'],
  [/PROFILE/, 'a profile'],
  [/HTTP/, 'the container'],
  [/IMDS/, 'the machine (EC2)'],
];

/** Of the credentials, only their origin and their end are shown. */
export function credentialsCheck({ about, bucket, credentials, installation }: BucketFacts): Check {
  const { probes, options } = installation;
  const profile = probes.env['AWS_PROFILE'] ?? '';
  const isUploadedTo = options.uploads?.bucket === bucket.name;
  const none = (detail: string): Finding => {
    const hint =
      'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, sign in with `aws sso login`, or set `credentials` of the bucket.';
    if (isUploadedTo) return fail(`${detail} Uploads need some.`, hint);
    return warn(
      `${detail} Signed URLs can be read, and bare ones (s3://…) cannot.`,
      `If pages only have signed URLs, all is well. ${hint}`,
    );
  };
  return {
    id: 'bucket.credentials',
    group: 'bucket',
    about,
    title: 'There are credentials',
    async run() {
      try {
        const { sources, expiresAt } = await credentials();
        const source = bucket.credentials === undefined ? sourceText(sources) : 'the option `credentials`';
        if (expiresAt === undefined) return ok(`From ${source}.`);
        const left = expiresAt - probes.now();
        if (left > 0) return ok(`From ${source}, for ${durationText(left)} more.`);
        return fail(`The credentials from ${source} expired ${durationText(left)} ago.`, 'Sign in again.');
      } catch (error) {
        const message = error instanceof Error ? error.message : '';
        if (/\bsso\b/i.test(message)) {
          return fail(
            `The SSO session${profile === '' ? '' : ` of the profile ${profile}`} has expired, or was never begun.`,
            'Sign in.',
            profile === '' ? 'aws sso login' : `aws sso login --profile ${profile}`,
          );
        }
        if (bucket.credentials !== undefined) {
          return fail(
            'The option `credentials` of the bucket gave none.',
            'Look at what the function or object returns.',
          );
        }
        if (profile !== '') {
          return fail(
            `The profile ${profile} in AWS_PROFILE has no credentials.`,
            'List the profiles that there are, and name one of them.',
            'aws configure list-profiles',
          );
        }
        return none('No credentials were found.');
      }
    },
    late: () =>
      bucket.credentials === undefined
        ? none('No credentials were found within 3 seconds.')
        : fail(
            'The option `credentials` of the bucket gave none within 3 seconds.',
            'Look at what the function waits for.',
          ),
  };
}

function sourceText(sources: readonly string[]): string {
  return (
    SOURCES.find(([name]) => sources.some((source) => name.test(source)))?.[1] ?? 'the provider chain of the AWS SDK'
  );
}
