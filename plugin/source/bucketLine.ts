import { isBucketName } from '../endpoint.ts';

/** For the developer to fill in. */
const SOME_BUCKET = '<bucket>';

/** The line of the option `buckets` that lists a bucket, for a hint. It contains nothing of a URL but its host and its bucket. */
export function bucketLine(
  name: string | undefined,
  rest: { region?: string | undefined; endpoint?: string; forcePathStyle?: false; cdn?: string } = {},
): string {
  const shown = quote(name !== undefined && isBucketName(name) ? name : SOME_BUCKET);
  const { region, endpoint, forcePathStyle, cdn } = rest;
  const fields = [
    `name: ${shown}`,
    region === undefined ? '' : `region: ${quote(region)}`,
    endpoint === undefined ? '' : `endpoint: ${quote(endpoint)}`,
    forcePathStyle === undefined ? '' : 'forcePathStyle: false',
    cdn === undefined ? '' : `cdn: [${quote(cdn)}]`,
  ].filter(Boolean);
  return `buckets: [${fields.length === 1 ? shown : `{ ${fields.join(', ')} }`}]`;
}

/** The line in a hint that was made by {@link bucketLine}; the first one, if it offers several. */
export function bucketLineIn(hint: string): string | undefined {
  return /buckets: \[(?:'[^']*'|\{ (?:[^'}]|'[^']*')*\})\]/.exec(hint)?.[0];
}

function quote(text: string): string {
  return `'${text.slice(0, 253).replaceAll("'", '%27')}'`;
}
