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
  ])('%s cannot be a CDN, so it is an endpoint', async (url) => {
    const hint = await hintFor(url);
    expect(hint).toContain(`endpoint: '${new URL(url).origin}'`);
    expect(hint).not.toContain('cdn');
  });

  test.each([
    [`${MINIO}/other/a.jpg`, MINIO, 'other'],
    [`${SUPABASE}/other/a.jpg`, SUPABASE, 'other'],
    ['http://s3.example.com/other/a.jpg', 'https://s3.example.com', 'other'],
  ])('%s is a bucket of a known server, and the line has that endpoint', async (url, endpoint, name) => {
    const listed = [MINIO, SUPABASE, 'https://s3.example.com'].map((each) => ({ name: 'photos', endpoint: each }));
    const hint = await hintFor(url, listed);
    expect(hint).toBe(
      `If it is yours, list it with that endpoint: buckets: [{ name: '${name}', endpoint: '${endpoint}' }]`,
    );
  });

  test('S4: also in the style of virtual hosts', async () => {
    const hint = await hintFor('https://other.s3.example.com/a.jpg', [
      { name: 'photos', endpoint: 'https://s3.example.com' },
    ]);
    expect(proposals(hint)).toEqual([[{ name: 'other', endpoint: 'https://s3.example.com', forcePathStyle: false }]]);
  });

  test.each([
    ['https://x.supabase.co/storage/v1/object/public/photos/a.jpg', SUPABASE],
    ['https://photos.x.supabase.co/a.jpg', SUPABASE],
    [`${MINIO}//photos/a.jpg`, MINIO],
    [`${MINIO}/`, MINIO],
    [`${MINIO}/a%20b/c.jpg`, MINIO],
  ])('%s is at a known server, but not a URL of a bucket there', async (url, endpoint) => {
    const hint = await hintFor(url, [{ name: 'photos', endpoint }]);
    expect(hint).toBe(`URLs of that server begin with ${endpoint}/<bucket>/.`);
  });

  test.each(['https://photos.s3.eu-west-1.amazonaws.com/a.jpg', 'https://s3.amazonaws.com/photos/a.jpg'])(
    '%s is at AWS, but a bucket of that name is listed elsewhere',
    async (url) => {
      const hint = await hintFor(url, ['mine', { name: 'photos', endpoint: MINIO }]);
      expect(hint).toContain(`\`photos\` is listed at ${MINIO}, but this is a URL of AWS`);
      expect(proposals(hint)).toEqual([]);
    },
  );
});

const LISTED: Buckets = [
  'aws-photos',
  { name: 'team-photos', endpoint: MINIO },
  { name: 'virtual', endpoint: 'https://s3.example.com', forcePathStyle: false },
];

describe('E9: a bucket that is listed, but elsewhere', () => {
  test.each([
    ['http://localhost:9400/team-photos/a.jpg', 'team-photos', MINIO],
    ['http://127.0.0.1:9000/team-photos/a.jpg', 'team-photos', MINIO],
    ['https://s3.example.com/team-photos/a.jpg', 'team-photos', MINIO],
    ['https://team-photos.storage.example/a.jpg?X-Amz-Signature=CANARY', 'team-photos', MINIO],
    ['https://team-photos.s3.eu-west-1.amazonaws.com/a.jpg', 'team-photos', MINIO],
    ['https://s3.amazonaws.com/team-photos/a.jpg', 'team-photos', MINIO],
    [`${MINIO}/aws-photos/a.jpg`, 'aws-photos', 'AWS'],
    ['http://localhost:9000/aws-photos/a.jpg', 'aws-photos', 'AWS'],
    ['https://virtual.other.example/a.jpg', 'virtual', 'https://s3.example.com'],
  ])('%s', async (url, name, place) => {
    const hint = await hintFor(url, LISTED);
    expect(hint).toContain(`\`${name}\` is listed at ${place}, but this`);
    expect(hint).not.toContain('CANARY');
    expect(hint).not.toContain('a.jpg');
  });

  test.each<[string, BucketOptions]>([
    ['http://localhost:9000/aws-photos/a.jpg', { name: 'aws-photos', endpoint: 'http://localhost:9000' }],
    [`${MINIO}/aws-photos/a.jpg`, { name: 'aws-photos', endpoint: MINIO }],
    [
      'http://aws-photos.localhost:9000/a.jpg',
      { name: 'aws-photos', endpoint: 'http://localhost:9000', forcePathStyle: false },
    ],
    ['http://localhost:9400/team-photos/a.jpg', { name: 'team-photos', endpoint: 'http://localhost:9400' }],
  ])('%s: the hint has the line with its endpoint', async (url, line) => {
    const hint = await hintFor(url, LISTED);
    const [proposed] = proposals(hint);
    expect(proposed).toEqual([line]);
    if (proposed) expect(identify(proposed, url).filename).toBe('a.jpg');
  });

  test('the path of an endpoint is part of the line', async () => {
    const hint = await hintFor('https://y.supabase.co/storage/v1/s3/photos/a.jpg', [
      { name: 'photos', endpoint: SUPABASE },
    ]);
    expect(proposals(hint)).toEqual([[{ name: 'photos', endpoint: 'https://y.supabase.co/storage/v1/s3' }]]);
  });

  test.each([
    ['http://localhost:9000/team/a.jpg', 'team'],
    ['https://files.example/team/a.jpg', 'team'],
    ['https://files.example/team.png', '<bucket>'],
    ['https://files.example/a%20b/c.png', '<bucket>'],
  ])('%s: the line has the name of a bucket that is not listed', async (url, name) => {
    expect(await hintFor(url, LISTED)).toContain(`{ name: '${name}', endpoint: '${new URL(url).origin}' }`);
  });

  test.each([
    ['http://team-photos.localhost:9400/a.jpg', [{ name: 'team-photos', endpoint: 'http://localhost:9400' }], 'false'],
    ['https://s3.example.com/virtual/a.jpg', LISTED, 'true'],
  ] as [string, Buckets, string][])('S4: %s has the style that is not configured', async (url, buckets, wanted) => {
    const hint = await hintFor(url, buckets);
    expect(hint).toContain(`set \`forcePathStyle: ${wanted}\``);
    const changed = buckets.map((each) =>
      typeof each === 'string' ? each : { ...each, forcePathStyle: wanted === 'true' },
    );
    expect(identify(changed, url).objectKey).toBe('a.jpg');
    // Or each of them.
    const objects = changed.filter((each) => typeof each !== 'string');
    expect(identify([...buckets, ...objects], url).objectKey).toBe('a.jpg');
  });
});

describe('N15: a host of AWS that is not the host of a bucket', () => {
  const LAMBDA = 'thumbs-123456789012.s3-object-lambda.us-west-2.amazonaws.com';
  const VPCE = 'bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com';

  test.each([
    ['an access point', 'my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com'],
    ['an access point', 'my-ap-123456789012.s3-accesspoint-fips.dualstack.us-gov-west-1.amazonaws.com'],
    ['an access point', 'my-ap-123456789012.s3-accesspoint.cn-north-1.amazonaws.com.cn'],
    ['a multi-region access point', 'mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com'],
    ['an access point of S3 on Outposts', 'ap-123456789012.op-01ac5d28a6a232904.s3-outposts.us-east-1.amazonaws.com'],
    [
      'an access point behind a VPC endpoint',
      'ap-123456789012.accesspoint.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com',
    ],
  ])('%s: %s', async (kind, host) => {
    const url = `https://${host}/a.jpg?X-Amz-Signature=s`;
    const hint = await hintFor(url);
    expect(hint).toContain(`This is ${kind}.`);
    const [proposal = []] = proposals(hint);
    expect(proposal).toEqual([{ name: 'filled-in', cdn: [host] }]);
    expect(identify(proposal, url)).toMatchObject({ objectKey: 'a.jpg', signed: true, asAsked: { host } });
  });

  test('an Object Lambda access point, whose images are not those of the bucket', async () => {
    const url = `https://${LAMBDA}/a.jpg?X-Amz-Signature=s`;
    const hint = await hintFor(url);
    const [proposal = []] = proposals(hint);
    expect(proposal).toEqual([{ name: 'my-alias--ol-s3', cdn: [LAMBDA] }]);
    expect(identify(proposal, url).key).toBe('https://my-alias--ol-s3.s3.amazonaws.com/a.jpg');
  });

  test.each([
    ['http://team.s3-website-us-west-2.amazonaws.com/a.jpg', 'us-west-2'],
    ['http://team.s3-website.eu-central-1.amazonaws.com/a.jpg', 'eu-central-1'],
  ])('a website: %s', async (url, region) => {
    const hint = await hintFor(url);
    const [proposal = []] = proposals(hint);
    expect(proposal).toEqual(['team']);
    const instead = `https://team.s3.${region}.amazonaws.com/`;
    expect(hint).toContain(instead);
    expect(identify(proposal, `${instead}a.jpg`).objectKey).toBe('a.jpg');
  });

  test.each([
    [`https://${VPCE}/team/a.jpg`, { name: 'team', region: 'us-east-1', endpoint: `https://${VPCE}` }],
    [
      `https://team.${VPCE}/a.jpg`,
      { name: 'team', region: 'us-east-1', endpoint: `https://${VPCE}`, forcePathStyle: false },
    ],
  ])('a VPC endpoint: %s', async (url, line) => {
    const [proposal = []] = proposals(await hintFor(url));
    expect(proposal).toEqual([line]);
    expect(identify(proposal, url).objectKey).toBe('a.jpg');
  });

  test('a directory bucket (S3 Express), which is a bucket like any other', async () => {
    const url = 'https://fast--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com/a.jpg';
    const [proposal = []] = proposals(await hintFor(url));
    expect(proposal).toEqual([{ name: 'fast--usw2-az1--x-s3', region: 'us-west-2' }]);
    expect(identify(proposal, url)).toMatchObject({ objectKey: 'a.jpg', asAsked: undefined });
    expect(identify(proposal, 's3://fast--usw2-az1--x-s3/a.jpg').key).toBe(identify(proposal, url).key);
  });
});

test.each(['portraits/1.jpg', '/portraits/1.jpg', './1.jpg', '1.jpg', 'team-photos/1.jpg'])(
  'E8: for %s, the hint says how to write the URL of an object',
  async (text) => {
    const { code, hint } = await refusal(() => identify(LISTED, text));
    expect([code, hint]).toEqual(['INVALID_URL', 'For the key of an object, write s3://aws-photos/<key>.']);
  },
);

test.each([
  ['s3:/team-photos/1.jpg', 'Write s3://aws-photos/<key>.'],
  ['s3:team-photos/1.jpg', 'Write s3://aws-photos/<key>.'],
  ['s3:///1.jpg', 'Write s3://aws-photos/<key>.'],
  ['https:/s3.example.com/1.jpg', 'Write https://<host>/<key>.'],
])('%s: the hint says how a URL begins', async (text, remedy) => {
  const { code, hint } = await refusal(() => identify(LISTED, text));
  expect([code, hint]).toEqual(['INVALID_URL', remedy]);
});

const URLS = [
  'https://my-ap-1.s3-accesspoint.us-west-2.amazonaws.com/x',
  'https://bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com/team/x',
  'https://photos.localhost:9400/team/x',
  'http://localhost:9400/photos/x',
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

  test.each(refused)('for %s proposes something that the options refuse, or that does not help', async (url) => {
    for (const proposal of proposals(await hintFor(url, buckets))) {
      expect(() => resolveOptions({ buckets: proposal })).not.toThrow();
      const known = await refusal(() => identify(proposal, url)).catch(() => undefined);
      // The name was a blank, or there is no key in the URL.
      if (!JSON.stringify(proposal).includes('filled-in')) expect(known?.code).not.toBe('HOST_NOT_ALLOWED');
    }
  });

  test.each(refused)('for %s contains anything of the query or the key', async (url) => {
    const key = url.replace(/x$/, '') + (url.endsWith('/x') ? 'CANARY.png' : '/team/CANARY.png');
    for (const name of ['X-Amz-Signature', 'X-Amz-Credential', 'Signature', 'sig', 'token']) {
      const { message, hint } = await refusal(() => identify(buckets, `${key}?${name}=CANARY&a=CANARY`));
      expect(`${message} ${hint}`).not.toContain('CANARY');
    }
  });
});

test.each([
  ['s3://team/x', 'has URLs like this one: none is named team.'],
  ['https://files.example/x', 'has URLs like this one at files.example.'],
])('the refusal of %s says whether a name or an address is not listed', async (url, says) => {
  const { message } = await refusal(() => identify(['mine'], url));
  expect(message).toContain(says);
});
