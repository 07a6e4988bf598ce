import { describe, expect, test } from 'vitest';
import type { BucketOptions } from '../../plugin/options.ts';
import { resolveOptions } from '../../plugin/resolveOptions.ts';
import { createIdentify } from '../../plugin/source/s3Url.ts';
import { refusal } from '../helpers/source.ts';

type Buckets = readonly (string | BucketOptions)[];

const MINIO = 'http://127.0.0.1:9400';
const SUPABASE = 'https://x.supabase.co/storage/v1/s3';

const identify = (buckets: Buckets, url: string) => createIdentify(resolveOptions({ buckets }))(url);

async function hintFor(url: string, buckets: Buckets = ['mine']): Promise<string> {
  const { code, hint = '' } = await refusal(() => identify(buckets, url));
  expect(code).toBe('HOST_NOT_ALLOWED');
  return hint;
}

/** The lists of buckets that a hint proposes, blanks filled in. */
function proposals(hint: string): Buckets[] {
  const lists = hint.matchAll(/\[(?:'[^']*'|\{[^}]*\})\]/g);
  return Array.from(lists, ([list]) => {
    const json = list.replaceAll('<bucket>', 'filled-in').replaceAll("'", '"');
    return JSON.parse(json.replace(/([{,] )(\w+):/g, '$1"$2":')) as Buckets; // as the hints write them
  });
}

describe('the hint for a URL that is not listed', () => {
  test.each([
    ['https://team.s3.eu-west-1.amazonaws.com/x', "add it: buckets: ['team']"],
    ['https://s3.amazonaws.com/team/x', "add it: buckets: ['team']"],
    ['https://team.s3.cn-north-1.amazonaws.com.cn/x', "buckets: [{ name: 'team', region: 'cn-north-1' }]"],
    ['s3://team/x', "add it: buckets: ['team']"],
    [
      'https://files.example/x',
      "endpoint: 'https://files.example' }] or, for a CDN, [{ name: '<bucket>', cdn: ['files.e",
    ],
  ])('%s is the line to add', async (url, line) => {
    expect(await hintFor(url)).toContain(line);
  });

  test.each([
    'http://127.0.0.1:9400/team/x',
    'https://127.0.0.1:9400/team/x',
    'https://127.0.0.1/team/x',
    'https://10.0.0.1:9000/team/x',
    'https://[::1]/team/x',
    'https://files.example:8443/team/x',
    'http://files.example/team/x',
  ])('%s can be that of no CDN: it is an endpoint', async (url) => {
    const hint = await hintFor(url);
    expect(hint).toContain(`endpoint: '${new URL(url).origin}'`);
    expect(hint).not.toContain('cdn');
  });

  test.each([
    [`${MINIO}/other/a.jpg`, MINIO, 'other'],
    [`${SUPABASE}/other/a.jpg`, SUPABASE, 'other'],
    ['https://other.s3.example.com/a.jpg', 'https://s3.example.com', 'other'],
    ['http://s3.example.com/other/a.jpg', 'https://s3.example.com', 'other'],
  ])('%s is a bucket of a known server, to be listed with it', async (url, endpoint, name) => {
    const listed = [MINIO, SUPABASE, 'https://s3.example.com'].map((each) => ({ name: 'photos', endpoint: each }));
    const hint = await hintFor(url, listed);
    expect(hint).toBe(
      `If it is yours, list it with that endpoint: buckets: [{ name: '${name}', endpoint: '${endpoint}' }]`,
    );
  });

  test.each([
    ['https://x.supabase.co/storage/v1/object/public/photos/a.jpg', SUPABASE],
    ['https://photos.x.supabase.co/a.jpg', SUPABASE],
    [`${MINIO}//photos/a.jpg`, MINIO],
    [`${MINIO}/`, MINIO],
    [`${MINIO}/a%20b/c.jpg`, MINIO],
  ])('%s is at a known server, and no URL of a bucket there', async (url, endpoint) => {
    const hint = await hintFor(url, [{ name: 'photos', endpoint }]);
    expect(hint).toBe(`URLs of that server begin with ${endpoint}/<bucket>/.`);
  });

  test.each(['https://photos.s3.eu-west-1.amazonaws.com/a.jpg', 'https://s3.amazonaws.com/photos/a.jpg'])(
    '%s is at AWS, and a bucket of that name is listed elsewhere',
    async (url) => {
      const hint = await hintFor(url, ['mine', { name: 'photos', endpoint: MINIO }]);
      expect(hint).toContain(`\`photos\` is configured at ${MINIO}, and this is a URL of AWS`);
      expect(proposals(hint)).toEqual([]);
    },
  );
});

const URLS = [
  'https://team.s3.amazonaws.com/x',
  'https://team.s3.cn-north-1.amazonaws.com.cn/x',
  'https://team.s3.amazonaws.com:8443/x',
  'https://s3.amazonaws.com/a%2Fb/x',
  'https://s3.amazonaws.com//x',
  'https://s3.amazonaws.com',
  'https://b.s3.amazonaws.com/x',
  's3://b/x',
  's3://team:80/x',
  's3://team/x',
  `${MINIO}/team/x`,
  `${MINIO}/photos/photos/x`,
  'https://photos.s3.amazonaws.com/x',
  'http://127.0.0.1:9500/x',
  'https://[::1]:9000/x',
  'https://my_files.example/x',
  'https://files..example/x',
  'https://.files.example/x',
  'https://undefined.example/x',
  "https://it's.example/x",
  'https://bücher.example/x',
  `https://${'a.'.repeat(130)}example/x`,
];

describe.each([
  ['buckets of AWS', ['mine']],
  ['an endpoint', ['mine', { name: 'photos', endpoint: MINIO }]],
  ['an endpoint with a path', [{ name: 'mine', endpoint: `${MINIO}/photos` }]],
] as [string, Buckets][])('with %s, no hint', (_name, buckets) => {
  const refused = URLS.filter((url) => {
    try {
      return identify(buckets, url) === undefined;
    } catch {
      return true;
    }
  });

  test.each(refused)('for %s proposes what the options refuse, or what does not help', async (url) => {
    for (const proposal of proposals(await hintFor(url, buckets))) {
      expect(() => resolveOptions({ buckets: proposal })).not.toThrow();
      const known = await refusal(() => identify(proposal, url)).catch(() => undefined);
      // The name was a blank, or there is no key in the URL.
      if (!JSON.stringify(proposal).includes('filled-in')) expect(known?.code).not.toBe('HOST_NOT_ALLOWED');
    }
  });

  test.each(refused)('for %s holds anything of the query or the key', async (url) => {
    const key = url.replace(/x$/, '') + (url.endsWith('/x') ? 'CANARY.png' : '/team/CANARY.png');
    for (const name of ['X-Amz-Signature', 'X-Amz-Credential', 'Signature', 'sig', 'token']) {
      const { message, hint } = await refusal(() => identify(buckets, `${key}?${name}=CANARY&a=CANARY`));
      expect(`${message} ${hint}`).not.toContain('CANARY');
    }
  });
});
